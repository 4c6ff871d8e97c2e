/**
 * How a field of the status is stated: with everything that is made of it. The
 * fields stand in `fields.ts`.
 *
 * @module
 */
import type { Distribution } from "./distribution.ts";

/** A field, and where it is shown besides `/status.json`. */
export interface Field<Value = unknown> {
  /** Its value at a server that has just been started. */
  readonly initial: Value;
  readonly metric?: Metric<Value>;
  /** Its column in the table of `herd status`. */
  readonly column?: TableColumn<CellOf<TableCells, Value>>;
  /** Its column in the dashboard's table of servers. */
  readonly page?: PageColumn<CellOf<PageCells, Value>>;
  /** The title of the dashboard's plot of its quantiles. */
  readonly plot?: string;
  /** If it is an object: its fields. */
  readonly fields?: Fields;
  /** If it is a list: what each item has. */
  readonly items?: Items;
}

/** Fields by their names. */
export type Fields = Readonly<Record<string, Field>>;

/** The fields of an object. */
export type FieldsOf<Value> = {
  readonly [Name in keyof Value]-?: Field<Value[Name]>;
};

/** What the items of a list have. */
export interface Items {
  readonly fields: Fields;
  /** The field that names an item. */
  readonly name: string;
  /** The label of their metrics that has this name. */
  readonly label: string;
}

/** A value, behind the values of its labels. */
export type MetricRow = readonly [...labels: string[], value: number];

/** A metric, by Prometheus's conventions for names and units. */
export interface Metric<Value = unknown> {
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Its values: one without labels if there are no labels. */
  read(value: Value): readonly MetricRow[] | Distribution;
}

/** How values are shown in the table of `herd status`. */
export interface TableCells {
  readonly text: string;
  readonly count: number;
  /** A count since the start; with `--watch`, what was added a second. */
  readonly rate: number;
  /** How long ago a point in time is. */
  readonly age: number;
  /** Quantiles. */
  readonly spread: Distribution;
  readonly state: string | null;
  readonly links: readonly object[];
}

/** How values are shown in the dashboard's table. */
export interface PageCells {
  readonly count: number;
  readonly bytes: number;
  readonly age: number;
  /** Counts by name. */
  readonly tally: Readonly<Record<string, number>>;
  readonly links: readonly object[];
  readonly log: object;
}

/** The ways in which a value can be shown; all if it is not known. */
type CellOf<Cells, Value> = unknown extends Value ? keyof Cells
  : { [Cell in keyof Cells]: Value extends Cells[Cell] ? Cell : never }[
    keyof Cells
  ];

/** A column of the table of `herd status`. */
export interface TableColumn<Cell = keyof TableCells> {
  readonly title: string;
  readonly cell: Cell;
  /** On a narrow terminal the column with the lowest is left out first. */
  readonly priority: number;
}

/** A column of the dashboard's table. */
export interface PageColumn<Cell = keyof PageCells> {
  readonly title: string;
  readonly cell: Cell;
  /** Columns with a higher one stand further behind; 0 if it is left out. */
  readonly rank?: number;
}

/** Where an object or a list is shown as a whole. */
type Shown<Value> = Pick<Field<Value>, "metric" | "column" | "page">;

/** A field that is an object. */
export interface Group<Value> extends Field<Value> {
  readonly fields: FieldsOf<Value> & Fields;
}

/** An object of fields. */
export function group<Value>(
  fields: FieldsOf<Value>,
  shown: Shown<Value> = {},
): Group<Value> {
  const named = fields as Group<Value>["fields"];
  const initial = Object.entries<Field>(named)
    .map(([name, { initial }]) => [name, initial]);
  return { ...shown, initial: Object.fromEntries(initial), fields: named };
}

/** A list of objects with these fields. */
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

/** A number that only rises. */
export function counter(name: string, help: string): Metric<number> {
  return { ...gauge(name, help), type: "counter" };
}

/** 1 where something is so, and 0 where it is not. */
export function flag<Value>(
  name: string,
  help: string,
  isSet: (value: Value) => boolean,
): Metric<Value> {
  return { ...gauge(name, help), read: (value) => [[Number(isSet(value))]] };
}

/** Numbers that only rise, each with its name as a label. */
export function counters<Value extends Readonly<Record<keyof Value, number>>>(
  name: string,
  help: string,
  label: string,
): Metric<Value> {
  const read = (values: Value) => Object.entries<number>(values);
  return { name, help, type: "counter", labels: [label], read };
}

/** How values are distributed. */
export function histogram(name: string, help: string): Metric<Distribution> {
  return { name, help, type: "histogram", labels: [], read: (value) => value };
}

/** A field, and the way to its value. */
export interface PlacedField {
  readonly field: Field;
  /** The names of the fields that lead to it. */
  readonly path: readonly string[];
}

/** A field and all those in it, in their order; not those of a list's items. */
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
