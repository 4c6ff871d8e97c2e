/**
 * The description of a field of the status: its metric, its columns and its
 * plot. The fields themselves are in `fields.ts`.
 *
 * @module
 */
import type { Distribution } from "./distribution.ts";

/** A field, and where it is shown besides `/status.json`. */
export interface Field<Value = unknown> {
  /** Its value when the server starts. */
  readonly initial: Value;
  readonly metric?: Metric<Value>;
  /** Its column in the table of `herd status`. */
  readonly column?: TableColumn<CellOf<TableCells, Value>>;
  /** Its column in a table of the dashboard. */
  readonly page?: PageColumn<CellOf<PageCells, Value>>;
  /** The title of the dashboard's plot of its quantiles. */
  readonly plot?: string;
  /** Whether the summary for other servers' pages has it. */
  readonly isInSummary?: boolean;
  /** The fields of an object. */
  readonly fields?: Fields;
  /** The items of a list. */
  readonly items?: Items;
}

/** Fields by their names. */
export type Fields = Readonly<Record<string, Field>>;

/** The fields of an object. */
export type FieldsOf<Value> = {
  readonly [Name in keyof Value]-?: Field<Value[Name]>;
};

/** The description of a list's items. */
export interface Items {
  readonly fields: Fields;
  /** The field that names an item. */
  readonly name: string;
  /** The label for this name in the items' metrics. */
  readonly label: string;
}

/** The values of the labels, then the value of the metric. */
export type MetricRow = readonly [...labels: string[], value: number];

/** A metric, with Prometheus's conventions for names and units. */
export interface Metric<Value = unknown> {
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Its values: exactly one if there are no labels. */
  read(value: Value): readonly MetricRow[] | Distribution;
}

/** The kinds of cells in the table of `herd status`, with their value types. */
export interface TableCells {
  readonly text: string;
  readonly count: number;
  /** A count since the start; with `--watch`, its increase a second. */
  readonly rate: number;
  /** Seconds. */
  readonly duration: number;
  /** Quantiles. */
  readonly spread: Distribution;
  readonly state: string | null;
  readonly links: readonly object[];
}

/** The kinds of cells in the dashboard's table, with their value types. */
export interface PageCells {
  readonly count: number;
  readonly bytes: number;
  readonly duration: number;
  /** Counts by name. */
  readonly tally: Readonly<Record<string, number>>;
  readonly links: readonly object[];
  readonly log: object;
  readonly data: object;
  readonly history: object;
  readonly clock: object;
  /** Addresses by the names of their kinds of ports. */
  readonly ports: Readonly<Record<string, string>>;
  readonly example: object | null;
}

/** The dashboard's tables, with a row for each server. */
export type PageTable = "servers" | "gateways";

/** The kinds of cells that can show a value; all kinds for an unknown type. */
type CellOf<Cells, Value> = unknown extends Value ? keyof Cells
  : { [Cell in keyof Cells]: Value extends Cells[Cell] ? Cell : never }[
    keyof Cells
  ];

/** A column of the table of `herd status`. */
export interface TableColumn<Cell = keyof TableCells> {
  readonly title: string;
  readonly cell: Cell;
  /** On a narrow terminal, columns of low priority are left out first. */
  readonly priority: number;
}

/** A column of one of the dashboard's tables. */
export interface PageColumn<Cell = keyof PageCells> {
  /** By default the table of servers. */
  readonly table?: PageTable;
  readonly title: string;
  readonly cell: Cell;
  /** Columns are in increasing order of rank. 0 by default. */
  readonly rank?: number;
}

/** Where an object or a list is shown as a whole. */
type Shown<Value> = Pick<
  Field<Value>,
  "metric" | "column" | "page" | "isInSummary"
>;

/** A field that is an object. */
export interface Group<Value> extends Field<Value> {
  readonly fields: FieldsOf<Value> & Fields;
}

/** Describes an object. */
export function group<Value>(
  fields: FieldsOf<Value>,
  shown: Shown<Value> = {},
): Group<Value> {
  const named = fields as Group<Value>["fields"];
  const initial = Object.entries<Field>(named)
    .map(([name, { initial }]) => [name, initial]);
  return { ...shown, initial: Object.fromEntries(initial), fields: named };
}

/** Describes a list of objects. */
export function list<Value>(
  { fields }: Group<Value>,
  named: { readonly name: keyof Value & string; readonly label: string },
  shown: Shown<readonly Value[]>,
): Field<readonly Value[]> {
  return { ...shown, initial: [], items: { fields, ...named } };
}

/** A number that goes up and down. */
export function gauge(name: string, help: string): Metric<number> {
  return { name, help, type: "gauge", labels: [], read: (value) => [[value]] };
}

/** A number that only increases. */
export function counter(name: string, help: string): Metric<number> {
  return { ...gauge(name, help), type: "counter" };
}

/** A metric that is 1 if a condition holds, and 0 otherwise. */
export function flag<Value>(
  name: string,
  help: string,
  isSet: (value: Value) => boolean,
): Metric<Value> {
  return { ...gauge(name, help), read: (value) => [[Number(isSet(value))]] };
}

/** Numbers that only increase, each with its name as a label. */
export function counters<Value extends Readonly<Record<keyof Value, number>>>(
  name: string,
  help: string,
  label: string,
): Metric<Value> {
  const read = (values: Value) => Object.entries<number>(values);
  return { name, help, type: "counter", labels: [label], read };
}

/** A distribution of values. */
export function histogram(name: string, help: string): Metric<Distribution> {
  return { name, help, type: "histogram", labels: [], read: (value) => value };
}

/** A field and the path to its value. */
export interface PlacedField {
  readonly field: Field;
  /** The names of the fields that contain it, and its own. */
  readonly path: readonly string[];
}

/** A field and all fields in it, in order, without those of lists' items. */
export function walk(
  field: Field,
  path: readonly string[] = [],
): PlacedField[] {
  const parts = Object.entries(field.fields ?? {});
  return [
    { field, path },
    ...parts.flatMap(([name, part]) => walk(part, [...path, name])),
  ];
}
