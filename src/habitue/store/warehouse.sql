-- The working copy: disposable, rebuilt from the log. No keys and no indexes: what is large is only appended to or
-- rewritten sorted. Every *_base lies sorted by subject and time; *_tail holds what came since. `ts` is UTC.

CREATE TABLE meta (key VARCHAR, value VARCHAR);

CREATE TABLE event_name (code INTEGER, name VARCHAR);

CREATE TABLE event_base (person INTEGER, account INTEGER, ts TIMESTAMP, code INTEGER, revenue BIGINT, props VARCHAR, seq BIGINT, id UUID);
CREATE TABLE event_tail (person INTEGER, account INTEGER, ts TIMESTAMP, code INTEGER, revenue BIGINT, props VARCHAR, seq BIGINT, id UUID);
CREATE VIEW event AS FROM event_base UNION ALL FROM event_tail;

CREATE TABLE trait_base (person INTEGER, name VARCHAR, value VARCHAR, ts TIMESTAMP, seq BIGINT);
CREATE TABLE trait_tail (person INTEGER, name VARCHAR, value VARCHAR, ts TIMESTAMP, seq BIGINT);
CREATE VIEW trait AS FROM trait_base UNION ALL FROM trait_tail;

-- Ids are handed out rising, so appending keeps both sorted; birth is the first event of any kind.
CREATE TABLE person (person INTEGER, key VARCHAR, birth TIMESTAMP);
CREATE TABLE account (account INTEGER, key VARCHAR, birth TIMESTAMP);

-- Persons with events that are not folded yet: written with the events, deleted with the new intervals.
CREATE TABLE touched (person INTEGER);

-- A refolded subject's rows in the base are void: the tail holds all its intervals of that version.
CREATE TABLE interval_base (version INTEGER, subject INTEGER, start TIMESTAMP, stop TIMESTAMP, value SMALLINT, life SMALLINT);
CREATE TABLE interval_tail (version INTEGER, subject INTEGER, start TIMESTAMP, stop TIMESTAMP, value SMALLINT, life SMALLINT);
CREATE TABLE refolded (version INTEGER, subject INTEGER);
CREATE VIEW intervals AS
    SELECT * FROM interval_base ANTI JOIN refolded USING (version, subject)
    UNION ALL FROM interval_tail;

CREATE TABLE transition (
    seq BIGINT, version INTEGER, subject INTEGER, from_value SMALLINT, to_value SMALLINT, ts TIMESTAMP, restated BOOLEAN
);
CREATE TABLE due (ts TIMESTAMP, version INTEGER, subject INTEGER);
