/** The part of topojson-client that this project uses. */
import type { GeoObject } from "./d3_geo.d.ts";

/** A TopoJSON file. */
type Topology = { readonly objects: unknown };

export function feature(topology: Topology, object: unknown): GeoObject;
/** The lines between adjacent shapes for which the filter returns true. */
export function mesh(
  topology: Topology,
  object: unknown,
  filter: (left: unknown, right: unknown) => boolean,
): GeoObject;
