/** The part of topojson-client that is used here. */
import type { GeoObject } from "./d3_geo.d.ts";

/** A TopoJSON file. */
type Topology = { readonly objects: unknown };

export function feature(topology: Topology, object: unknown): GeoObject;
/** The lines between neighbouring shapes for which the filter holds. */
export function mesh(
  topology: Topology,
  object: unknown,
  filter: (left: unknown, right: unknown) => boolean,
): GeoObject;
