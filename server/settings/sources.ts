/**
 * The sources of settings. The first that gives a setting wins: an option of a
 * program or a flag, then a variable, then the herd file, then the default.
 *
 * @module
 */
import { TopologyError } from "../../peers/topology.ts";
import { isGranted, type PermissionNeed } from "../../runtime/permissions.ts";
import { SetupError, UsageError } from "../../runtime/setup_error.ts";
import {
  checkValue,
  isGivenBy,
  parseValue,
  type Schema,
  type Setting,
  type SourceKind,
  ValueError,
  type ValuesOf,
  variableOf,
} from "./setting.ts";

/** One place where settings can be given. */
export interface Source {
  readonly kind: SourceKind;
  /** Names a setting in this source, for messages: `--link-timeout-ms`. */
  readonly placeOf: (name: string, setting: Setting) => string;
  /**
   * The value of a setting; undefined if it is not given.
   *
   * @throws {ValueError} If it is no value of the setting.
   */
  readonly read: (name: string, setting: Setting) => unknown;
  /** Creates the error for a wrong value. */
  readonly createError: (message: string) => Error;
}

/** The values of settings, and their sources. */
export interface ResolvedSettings<All extends Schema> {
  readonly values: ValuesOf<All>;
  /** The source of each setting that was given. */
  readonly sourceOf: ReadonlyMap<string, Source>;
}

/**
 * Reads settings.
 *
 * @param sources The first that gives a setting wins.
 * @throws The error of the source with a wrong value, naming the setting.
 */
export function resolveSettings<All extends Schema>(
  schema: All,
  sources: readonly Source[],
): ResolvedSettings<All> {
  const values: Record<string, unknown> = {};
  const sourceOf = new Map<string, Source>();
  for (const [name, setting] of Object.entries<Setting>(schema)) {
    values[name] = setting.default;
    for (const source of sources) {
      if (!isGivenBy(setting, source.kind)) continue;
      const value = readFrom(source, name, setting);
      if (value === undefined) continue;
      values[name] = value;
      sourceOf.set(name, source);
      break;
    }
  }
  return { values: values as ValuesOf<All>, sourceOf };
}

/**
 * Creates an error about a setting that was given: its place, followed by a
 * text.
 *
 * @param text Such as `: expected ...`, or ` needs ...`.
 */
export function errorAt<All extends Schema>(
  { sourceOf }: Pick<ResolvedSettings<All>, "sourceOf">,
  name: string & keyof All,
  schema: All,
  text: string,
): Error {
  const source = sourceOf.get(name)!;
  return source.createError(source.placeOf(name, schema[name]) + text);
}

/** Permissions for the paths in the settings, and for the variables read. */
export function permissionsFor<All extends Schema>(
  schema: All,
  { sourceOf, values }: ResolvedSettings<All>,
): PermissionNeed[] {
  return Object.entries<Setting>(schema).flatMap(([name, setting]) => {
    const needs: PermissionNeed[] = [];
    const value = values[name];
    const permissions = setting.permission?.split(" and ") ?? [];
    for (const name of ["read", "write"] as const) {
      const isNeeded = permissions.includes(name) && typeof value === "string";
      if (isNeeded) needs.push({ name, path: value });
    }
    if (sourceOf.get(name)?.kind === "variable") {
      needs.push({ name: "env", variable: variableOf(setting) });
    }
    return needs;
  });
}

function readFrom(source: Source, name: string, setting: Setting): unknown {
  try {
    return source.read(name, setting);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const place = source.placeOf(name, setting);
    throw source.createError(`${place}: ${error.message}`);
  }
}

/** The command line. */
export function flagSource(flags: ReadonlyMap<string, string>): Source {
  return {
    kind: "flag",
    placeOf: (_, { flag }) => `--${flag}`,
    read: (_, setting) => parseIfGiven(setting, flags.get(setting.flag)),
    createError: (message) => new UsageError(message),
  };
}

/** The environment variables that the program is permitted to read. */
export async function variableSource(schema: Schema): Promise<Source> {
  const variables = new Map<string, string>();
  await Promise.all(
    Object.values(schema).map(async (setting) => {
      const variable = variableOf(setting);
      if (!await isGranted({ name: "env", variable })) return;
      // A file of variables may have lines that end in CR LF.
      const text = Deno.env.get(variable)?.trim();
      // Some systems unset a variable by setting it to an empty text.
      if (text) variables.set(variable, text);
    }),
  );
  return {
    kind: "variable",
    placeOf: (_, setting) => variableOf(setting),
    read: (_, setting) =>
      parseIfGiven(setting, variables.get(variableOf(setting))),
    createError: (message) => new SetupError(message),
  };
}

/**
 * The `settings` of a herd file.
 *
 * @throws {TopologyError} Naming a setting that is wrong, unknown, or not
 * permitted in a herd file.
 */
export function herdFileSource(
  schema: Schema,
  given: Readonly<Record<string, unknown>> = {},
): Source {
  const source: Source = {
    kind: "herd file",
    placeOf: (name) => `settings.${name}`,
    read: (name, setting) =>
      Object.hasOwn(given, name)
        ? checkValue(setting, given[name], "JSON")
        : undefined,
    createError: (message) => new TopologyError(message),
  };
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(schema, name)) {
      const nearest = nearestName(name, Object.keys(schema));
      const hint = isGivenBy(schema[nearest], source.kind)
        ? `; did you mean ${nearest}?`
        : `, and ${nearest} ${notForHerdFiles(schema[nearest])}`;
      throw new TopologyError(
        `settings: ${JSON.stringify(name)} is not known${hint}`,
      );
    }
    if (!isGivenBy(schema[name], source.kind)) {
      throw new TopologyError(
        `settings.${name}: ${notForHerdFiles(schema[name])}`,
      );
    }
    // Wrong values are reported even if another source wins.
    readFrom(source, name, schema[name]);
  }
  return source;
}

/**
 * The options of a program.
 *
 * @param prefix Precedes the name in messages, such as `limits.`.
 */
export function optionSource(
  options: Readonly<Record<string, unknown>>,
  prefix = "",
): Source {
  return {
    kind: "option",
    placeOf: (name) => `${prefix}${name}`,
    read: (name, setting) =>
      options[name] === undefined
        ? undefined
        : checkValue(setting, options[name], "program"),
    createError: (message) => new RangeError(message),
  };
}

function parseIfGiven(setting: Setting, text: string | undefined): unknown {
  return text === undefined ? undefined : parseValue(setting, text);
}

function notForHerdFiles(setting: Setting): string {
  const ways = [
    ...(setting.inHerdFile === undefined ? [] : [setting.inHerdFile]),
    `--${setting.flag}`,
  ];
  return `cannot be given here: use ${ways.join(", ")} or ${
    variableOf(setting)
  }`;
}

/** The known name with the smallest edit distance. */
function nearestName(name: string, names: readonly string[]): string {
  const distances = names.map((known) =>
    editDistance(name.toLowerCase(), known.toLowerCase())
  );
  return names[distances.indexOf(Math.min(...distances))];
}

/** The Levenshtein distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1];
    for (let column = 0; column < other.length; column += 1) {
      next.push(Math.min(
        row[column] + (character === other[column] ? 0 : 1),
        row[column + 1] + 1,
        next[column] + 1,
      ));
    }
    row = next;
  }
  return row[other.length];
}
