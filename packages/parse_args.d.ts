/** The part of `parseArgs` of std/cli that this project uses. */
export function parseArgs(args: string[], options: {
  alias?: Record<string, string>;
  boolean?: string[];
  collect?: string[];
  string?: string[];
  /** Called for unknown arguments; returns false to leave the argument out. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}): { _: (string | number)[]; [name: string]: unknown };
