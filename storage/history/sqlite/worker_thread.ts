/**
 * The thread of a history's files, as the main thread sees it.
 *
 * The worker is made from a `data:` URL of its modules' texts. So it needs no
 * permission to read them, and is in bundles and binaries. Each import of one
 * module by another is replaced by the `data:` URL of that module.
 *
 * @module
 */
import blocksJs from "./blocks.js" with { type: "text" };
import dayFileJs from "./day_file.js" with { type: "text" };
import dayFilesJs from "./day_files.js" with { type: "text" };
import deletionJs from "./deletion.js" with { type: "text" };
import workerJs from "./worker.js" with { type: "text" };

/** The modules; each imports only those before it. */
const modules = [
  ["./blocks.js", blocksJs],
  ["./day_file.js", dayFileJs],
  ["./deletion.js", deletionJs],
  ["./day_files.js", dayFilesJs],
  ["./worker.js", workerJs],
] as const;

/** The URL of the last module, with all others in it. */
function workerUrl(): string {
  const urls = new Map<string, string>();
  let url = "";
  for (const [name, text] of modules) {
    let code: string = text;
    for (const [other, otherUrl] of urls) {
      code = code.replaceAll(`from "${other}"`, `from "${otherUrl}"`);
    }
    // The modules are in ASCII, as a test ensures.
    url = `data:text/javascript;base64,${btoa(code)}`;
    urls.set(name, url);
  }
  return url;
}

let url: string | undefined;

/** What all files have in common; made once, for all servers of a process. */
function sharedUrl(): string {
  return url ??= workerUrl();
}

/** A request failed. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
  /** Whether a file is damaged. */
  readonly isOfDamage: boolean;
  /** The buffer of the request, if it had one and it came back. */
  readonly buffer: ArrayBuffer | undefined;

  constructor(message: string, isOfDamage = false, buffer?: ArrayBuffer) {
    super(message);
    this.isOfDamage = isOfDamage;
    this.buffer = buffer;
  }
}

/** The state of the files. */
export interface FilesState {
  /** The days that have a file, in increasing order. */
  readonly days: readonly number[];
  readonly records: number;
  readonly bytes: number;
}

/** A result, with what every answer has. */
export interface WorkerAnswer<Result = unknown> {
  readonly result: Result;
  readonly state: FilesState;
  readonly buffer: ArrayBuffer | undefined;
}

/** A damaged file was set aside. */
export interface SetAside {
  readonly file: string;
  readonly name: string;
  readonly reason: string;
}

interface Waiting {
  readonly resolve: (answer: WorkerAnswer<never>) => void;
  readonly reject: (error: WorkerError) => void;
}

/** One thread. It is started by the first request, and after it has failed. */
export class WorkerThread {
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #onSetAside: (found: SetAside) => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #requests = 0;

  /** @param options Those of `DayFiles`. */
  constructor(
    options: Readonly<Record<string, unknown>>,
    onSetAside: (found: SetAside) => void,
  ) {
    this.#options = options;
    this.#onSetAside = onSetAside;
  }

  /** Whether it runs. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Sends a request; `worker.js` has the kinds.
   *
   * @throws {WorkerError} If it failed, or the thread ended.
   */
  call<Result>(
    kind: string,
    request: Readonly<Record<string, unknown>> = {},
    transfer: Transferable[] = [],
  ): Promise<WorkerAnswer<Result>> {
    if (this.#worker === undefined) {
      this.#start();
      this.#post("open", { options: this.#options }, []).catch(() => {});
    }
    return this.#post(kind, request, transfer);
  }

  /** Ends the thread. Requests that wait fail. */
  terminate(reason = "the thread was ended"): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new WorkerError(reason));
  }

  #post<Result>(
    kind: string,
    request: Readonly<Record<string, unknown>>,
    transfer: Transferable[],
  ): Promise<WorkerAnswer<Result>> {
    this.#requests += 1;
    const id = this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker!.postMessage({ ...request, id, kind }, transfer);
    });
  }

  #start(): void {
    const worker = new Worker(sharedUrl(), { type: "module", name: "history" });
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      // Otherwise it would end the program.
      event.preventDefault();
      if (this.#worker === worker) this.terminate(event.message);
    };
  }

  #receive(
    data:
      & { readonly id?: number; readonly message?: string }
      & { readonly isOfDamage?: boolean }
      & Partial<SetAside>
      & Partial<WorkerAnswer<never>>,
  ): void {
    const { id, isOfDamage, message } = data;
    if (id === undefined) return this.#onSetAside(data as SetAside);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (message === undefined) waiting?.resolve(data as WorkerAnswer<never>);
    else waiting?.reject(new WorkerError(message, isOfDamage, data.buffer));
  }
}
