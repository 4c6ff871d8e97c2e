/**
 * The other thread of `threads.mjs`. It receives `{ thread }` once, and then
 * `{ updates }` to process. It answers both with `done`. A text is a message of AT
 * lines. It acknowledges every Nth text after `{ acknowledge: N }`.
 */
import { Job } from "./updates.mjs";

const port = globalThis.Deno === undefined
  ? (await import("node:worker_threads")).parentPort
  : globalThis;

let job;
let acknowledgeEvery = Infinity;
let received = 0;

function take(message) {
  if (typeof message === "string") {
    received += 1;
    if (received % acknowledgeEvery === 0) port.postMessage("taken");
    return;
  }
  if (message.acknowledge !== undefined) {
    acknowledgeEvery = message.acknowledge;
    received = 0;
  } else if (message.thread !== undefined) {
    job = new Job(message.thread);
  } else {
    job.run(message.updates);
  }
  port.postMessage("done");
}

if (globalThis.Deno === undefined) port.on("message", take);
else port.onmessage = ({ data }) => take(data);
