/**
 * Who is measured, by the names that the report gives them, and the loads in
 * words.
 *
 * @module
 */
import type { Results } from "../results.ts";

/** Someone who is measured. */
export interface Subject {
  /** As in the samples. */
  readonly id: string;
  /** As in tables and plots. */
  readonly label: string;
  /** `ceiling` is no server but a bound on what one can reach. */
  readonly kind: "herd" | "rival" | "ceiling";
}

/** Labels that are others for a single measure: Redis is asked something else. */
const labelsIn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  memory: { redis: "Redis, SET" },
  pauses: { java: "Java, Serial" },
  slices: { node: "Node" },
  threads: { node: "Node" },
};

const known: readonly Subject[] = [
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

/**
 * Those that a measure has samples of, or a reason why not; in the same order
 * on every page, and who is not known here at its end.
 */
export function subjectsOf(
  { missing, samples }: Results,
  measure: string,
): Subject[] {
  const ids = new Set(
    [...samples, ...missing].filter((row) => row.measure === measure)
      .map(({ subject }) => subject),
  );
  return [
    ...known.filter(({ id }) => ids.delete(id)).map((subject) => ({
      ...subject,
      label: labelsIn[measure]?.[subject.id] ?? subject.label,
    })),
    ...[...ids].map((id): Subject => ({ id, label: id, kind: "rival" })),
  ];
}

/** `50x16` in words; any other point as it is. */
export function describeLoad(point: string): string {
  const load = point.match(/^(\d+)x(\d+)$/);
  if (load === null) return point;
  const [connections, requests] = load.slice(1).map(Number);
  return `${connections} ${
    connections === 1 ? "connection" : "connections"
  }, ` +
    `${requests} ${requests === 1 ? "request" : "requests"} in flight` +
    (connections === 1 ? "" : " on each");
}
