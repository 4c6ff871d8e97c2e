/**
 * Settings as flags of a command line.
 *
 * @module
 */
import {
  defaultText,
  isGivenBy,
  placeholderOf,
  rangeText,
  type Schema,
  type Setting,
} from "./setting.ts";

/** One flag, as `cli/arguments.ts` reads and describes it. */
export interface SettingFlag {
  /** A placeholder for the value, such as `PORT`; undefined for no value. */
  readonly value?: string;
  readonly help: string;
  readonly group?: string;
  /** Whether `=false` may follow a flag without a value. */
  readonly canBeFalse?: boolean;
}

/** Flags by their names. */
export type SettingFlags = Readonly<Record<string, SettingFlag>>;

/** The flags of these settings, grouped. */
export function settingFlags(schema: Schema): SettingFlags {
  return Object.fromEntries(
    Object.values(schema)
      .filter((setting) => isGivenBy(setting, "flag"))
      .map((setting) => {
        return [setting.flag, {
          value: placeholderOf(setting),
          help: helpFor(setting),
          group: setting.group,
          canBeFalse: setting.type === "switch",
        }];
      }),
  );
}

/** The meaning, the choices and the default. */
function helpFor(setting: Setting): string {
  const choices = setting.type === "choice" ? `: ${rangeText(setting)}` : "";
  const fallback = defaultText(setting);
  return setting.help + choices +
    (fallback === undefined ? "" : ` (${fallback})`);
}

/** The same flags without groups, for a program that has few of them. */
export function plainFlags(schema: Schema): SettingFlags {
  const flags = Object.entries(settingFlags(schema));
  return Object.fromEntries(
    flags.map(([name, flag]) => [name, { ...flag, group: undefined }]),
  );
}
