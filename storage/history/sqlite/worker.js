// @ts-check
/**
 * The thread of a history's files. It answers messages of the main thread, one
 * after the other; a deletion pauses for them.
 *
 *     { id, kind, ... }            a request
 *     { id, result, state }        its result, and the state of the files
 *     { id, message, isOfDamage }  why it failed
 *     { file, name, reason }       a damaged file was set aside
 *
 * @module
 */
import { isDamage } from "./day_file.js";
import { DayFiles } from "./day_files.js";

const scope = /** @type {any} */ (globalThis);

/** @type {DayFiles} */
let files;

const pause = () =>
  new Promise((/** @type {(value: void) => void} */ resolve) =>
    setTimeout(resolve, 0)
  );

/** @type {Record<string, (request: any) => any>} */
const handlers = {
  open({ options }) {
    files = new DayFiles(options, (file, name, reason) => {
      scope.postMessage({ file, name, reason });
    });
  },
  start: ({ today }) => files.start(today),
  append({ buffer, isRetry, length }) {
    const startMs = performance.now();
    files.append(buffer, length, isRetry);
    return performance.now() - startMs;
  },
  add: ({ buffer, length }) => files.add(buffer, length),
  forget: ({ client, seconds }) => files.forget(client, seconds, pause),
  replace: ({ block, removed }) => files.replace(block, removed),
  endDeletion: ({ client }) => files.endDeletion(client),
  retain: ({ oldest }) => files.retain(oldest),
  read: (query) => files.read(query),
  copyTo: ({ days, folder }) => files.copyTo(folder, days),
  setAside: ({ day, reason }) => files.setAside(day, reason),
  close: ({ days }) => files.close(days),
};

scope.onmessage = async (/** @type {{ data: any }} */ { data }) => {
  const { buffer, id, kind } = data;
  // A batch goes back, to be tried again or to be filled again.
  const transfer = buffer === undefined ? [] : [buffer];
  try {
    const result = await handlers[kind](data);
    const { state } = files;
    scope.postMessage({ id, result, state, buffer }, transfer);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isOfDamage = isDamage(error);
    scope.postMessage({ id, message, isOfDamage, buffer }, transfer);
  }
};
