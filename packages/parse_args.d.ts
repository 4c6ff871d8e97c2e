/** The part of std/cli's `parseArgs` that is used here. */
export function parseArgs(args: string[], options: {
  alias?: Record<string, string>;
  boolean?: string[];
  collect?: string[];
  string?: string[];
  /** Called for unknown arguments; returns false to leave the argument out. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}): { _: (string | number)[]; [name: string]: unknown };
