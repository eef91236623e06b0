"""What the team is told by itself: a figure that is watched, what about it is told, when and to whom."""
