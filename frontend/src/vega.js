// Of Vega what our charts need; maps, forces, trees and word clouds would come along otherwise. Stands for `vega` itself.
import { transforms } from "vega-dataflow";
import * as encode from "vega-encode";
import { loader } from "vega-loader";
import { parse } from "vega-parser";
import * as general from "vega-transforms";
import { View } from "vega-view";
import * as views from "vega-view-transforms";
import * as near from "vega-voronoi";

Object.assign(transforms, general, views, encode, near);

export { View, loader, parse };
export * from "vega-util";
