/**
 * The names of subjects and loads in tables and plots.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import { subjectsOf } from "../../bench/samples.ts";

/** The name of a subject. */
export interface Label {
  /** The subject, as in the samples. */
  readonly id: string;
  readonly label: string;
  /** A `ceiling` is no server, but a bound on what a server can reach. */
  readonly kind: "herd" | "rival" | "ceiling";
}

/** Labels that are different for one measure. */
const labelsIn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  memory: { redis: "Redis, SET" },
  pauses: { java: "Java, Serial" },
  slices: { node: "Node" },
  threads: { node: "Node" },
};

/** The labels in the order of all tables. */
const labels: readonly Label[] = [
  { id: "herd", label: "herd", kind: "herd" },
  { id: "deno", label: "Deno", kind: "rival" },
  { id: "redis", label: "Redis, GEOADD", kind: "rival" },
  { id: "nats", label: "NATS", kind: "rival" },
  { id: "node", label: "node:net", kind: "rival" },
  { id: "uvloop", label: "asyncio, uvloop", kind: "rival" },
  { id: "asyncio", label: "asyncio", kind: "rival" },
  { id: "python", label: "CPython", kind: "rival" },
  { id: "java", label: "Java", kind: "rival" },
  { id: "java-g1", label: "Java, G1", kind: "rival" },
  { id: "java-zgc", label: "Java, ZGC", kind: "rival" },
  { id: "echo", label: "bare echo", kind: "ceiling" },
  { id: "generator", label: "generator", kind: "ceiling" },
];

/** The labels of a measure's subjects. Unknown subjects stand at the end. */
export function labelsOf(results: Results, measure: string): Label[] {
  const ids = new Set(subjectsOf(results, measure));
  return [
    ...labels.filter(({ id }) => ids.delete(id)).map((label) => ({
      ...label,
      label: labelsIn[measure]?.[label.id] ?? label.label,
    })),
    ...[...ids].map((id): Label => ({ id, label: id, kind: "rival" })),
  ];
}

/** `1 round`, `2 rounds`. */
export const plural = (count: number, noun: string) =>
  `${count} ${count === 1 ? noun : `${noun}s`}`;

/** `50x16` in words. Other points stay as they are. */
export function describeLoad(point: string): string {
  const load = point.match(/^(\d+)x(\d+)$/);
  if (load === null) return point;
  const [connections, requests] = load.slice(1).map(Number);
  return `${plural(connections, "connection")}, ` +
    `${plural(requests, "request")} in flight` +
    (connections === 1 ? "" : " on each");
}
