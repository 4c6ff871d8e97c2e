/**
 * A database in memory that fails as a test asks. It counts rows, and does not
 * look into them.
 *
 * @module
 */
import {
  type Connect,
  type Connection,
  DatabaseError,
  type Result,
  type Statement,
  type Value,
} from "../../../../storage/history/postgres/connection.ts";
import {
  addDay,
  dropDaysBefore,
  forgetClient,
  insertNewRows,
  insertRows,
  readVersion,
} from "../../../../storage/history/postgres/statements.ts";

const nothing: Result = { rows: [], count: 0 };

/** One database. */
export class FakeDatabase {
  /** Whether connections are refused, and open ones fail. */
  isDown = false;
  /** Rows that were inserted. */
  rows = 0;
  /** How often somebody has tried to connect. */
  attempts = 0;
  /** The statements that were run, by their first word, in order. */
  readonly statements: string[] = [];
  #hanging: PromiseWithResolvers<void> | undefined;

  /** Statements do not end from now on, until `resume`. */
  hang(): void {
    this.#hanging = Promise.withResolvers();
  }

  resume(): void {
    this.#hanging?.resolve();
    this.#hanging = undefined;
  }

  readonly connect: Connect = () => {
    this.attempts += 1;
    if (this.isDown) return Promise.reject(new DatabaseError("it is down"));
    let isClosed = false;
    const connection: Connection = {
      run: async (statement, values = []) => {
        if (statement !== readVersion) {
          this.statements.push(statement.name!);
          await this.#hanging?.promise;
        }
        if (this.isDown || isClosed) throw new DatabaseError("it is down");
        return this.#run(statement, values);
      },
      runScript: () => Promise.resolve(),
      end: () => Promise.resolve(),
      close() {
        isClosed = true;
      },
    };
    return Promise.resolve(connection);
  };

  #run(statement: Statement, values: readonly Value[]): Result {
    if (statement === readVersion) return { rows: [["1"]], count: 1 };
    if (statement === addDay) return { rows: [["t"]], count: 1 };
    if (statement === dropDaysBefore) return nothing;
    if (statement === forgetClient) return { rows: [["0"]], count: 1 };
    if (statement === insertNewRows || statement === insertRows) {
      const [column] = values as readonly Uint8Array[];
      const view = new DataView(column.buffer, column.byteOffset);
      const count = view.getInt32(12);
      this.rows += count;
      return { rows: [], count };
    }
    throw new Error(`unexpected: ${statement.text}`);
  }
}
