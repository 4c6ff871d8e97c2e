import { Process } from "../../bench/processes.ts";
import {
  readJavaLog,
  readPythonLog,
  readV8Log,
} from "../../research/pauses/logs.ts";
import { stop, sumStops } from "../../research/pauses/stops.ts";
import { python } from "../../research/programs.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { needs } from "../needs.ts";

const pure = { permissions: "none" } as const;

/** As Deno 2.9.6 printed it. */
const denoLog =
  `Hill is ready: clients on 127.0.0.1:25564, peers on 127.0.0.1:25664, linked with no neighbour yet, log in /tmp/Hill.log
[15162:0x55f1f38d6000]     1757 ms: Scavenge 17.5 (22.4) -> 14.1 (22.4) MB, pooled: 0.0 MB, 0.18 / 0.00 ms (average mu = 1.000, current mu = 1.000) allocation failure; 
[15162:0x55f1f38d6000]     1778 ms: Incremental Mark-Compact 14.1 (22.4) -> 13.4 (22.4) MB, pooled: 0.0 MB, 1.88 / 0.00 ms (+ 5.7 ms in 50 steps since start of marking, biggest step 1.9 ms, walltime since start of marking 11 ms) (average mu = 0.996, current mu = 0.996) finalize incremental marking via task; GC in old space requested
`;

/** As Node 20.20.2 printed it. */
const nodeLog = `ready
[15203:0x3f9a8e20]       40 ms: Scavenge 4.5 (4.7) -> 4.1 (5.7) MB, 1.38 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task; 
[15203:0x3f9a8e20]     1644 ms: Mark-Compact 12.4 (40.6) -> 6.5 (40.6) MB, 3.98 / 0.00 ms  (+ 1.3 ms in 26 steps since start of marking, biggest step 0.1 ms, walltime since start of marking 14 ms) (average mu = 1.000, current mu = 1.000) finalize incremental marking via task; GC in old space requested
`;

/** As Java 17 wrote it, with three collectors. */
const javaLogs = {
  serial: `[1795439020023ms] Using Serial
[1795439021408ms] Safepoint "ICBufferFull", Time since last: 155710881 ns, Reaching safepoint: 3475 ns, Cleanup: 140979 ns, At safepoint: 1792 ns, Total: 146246 ns
[1795439022539ms] Safepoint "Cleanup", Time since last: 1119246701 ns, Reaching safepoint: 768718 ns, Cleanup: 151104 ns, At safepoint: 10667889 ns, Total: 11587711 ns
[1795439022786ms] GC(0) Pause Young (Allocation Failure) 100M->4M(365M) 15.194ms
[1795439022788ms] Safepoint "GenCollectForAllocation", Time since last: 231167440 ns, Reaching safepoint: 4627 ns, Cleanup: 26149 ns, At safepoint: 17208590 ns, Total: 17239366 ns
`,
  g1: `[1795439023841ms] Using G1
[1795439024607ms] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 19M->7M(388M) 10.555ms
[1795439024607ms] Safepoint "G1CollectForAllocation", Time since last: 59249082 ns, Reaching safepoint: 3606 ns, Cleanup: 29744 ns, At safepoint: 10617073 ns, Total: 10650423 ns
`,
  zgc: `[1795439027744ms] Using The Z Garbage Collector
[1795439027779ms] Safepoint "ZRelocateStart", Time since last: 2315668 ns, Reaching safepoint: 101300 ns, Cleanup: 7741 ns, At safepoint: 4237011 ns, Total: 4346052 ns
[1795439027779ms] Safepoint "CleanClassLoaderDataMetaspaces", Time since last: 4565 ns, Reaching safepoint: 1300 ns, Cleanup: 741 ns, At safepoint: 37011 ns, Total: 39052 ns
[1795439028560ms] GC(6) Garbage Collection (Allocation Stall) 24M(100%)->20M(83%)
[1795439028560ms] Allocation Stall (main) 1.225ms
`,
};

Deno.test(
  "V8's scavenges, mark-compacts and marking steps count as stops",
  pure,
  () => {
    assertEquals(readV8Log(denoLog, 1_000_000), [
      stop(1_001_757, 0.18),
      { endMs: 1_001_778, count: 50, totalMs: 5.7, longestMs: 1.9 },
      stop(1_001_778, 1.88),
    ]);
    assertEquals(readV8Log(nodeLog, 0), [
      stop(40, 1.38),
      { endMs: 1644, count: 26, totalMs: 1.3, longestMs: 0.1 },
      stop(1644, 3.98),
    ]);
    const withoutSteps = nodeLog.replace("1.3 ms in 26", "0.0 ms in 0");
    assertEquals(readV8Log(withoutSteps, 0), [
      stop(40, 1.38),
      stop(1644, 3.98),
    ]);
  },
);

Deno.test(
  "Java's safepoints count as stops if they are for a collection",
  pure,
  () => {
    assertEquals(readJavaLog(javaLogs.serial), [
      stop(1795439022788, 17.239366),
    ]);
    assertEquals(readJavaLog(javaLogs.g1), [stop(1795439024607, 10.650423)]);
  },
);

Deno.test("with ZGC a wait for memory counts as a stop too", pure, () => {
  assertEquals(readJavaLog(javaLogs.zgc), [
    stop(1795439027779, 4.346052),
    stop(1795439028560, 1.225),
  ]);
});

Deno.test("a log without collections is an error", pure, () => {
  const reads = [
    () => readV8Log("ready\n", 0),
    () => readJavaLog("ready\n"),
    () => readPythonLog("ready\n"),
  ];
  for (const read of reads) {
    assertThrows(read, Error, "has logged no garbage collection");
  }
  // A log of a collector that had nothing to do has its name.
  assertEquals(readJavaLog("[1795439027744ms] Using G1\n"), []);
});

Deno.test("pauses are summed up over the measured time", pure, () => {
  const stops = [
    stop(999, 500),
    stop(1000, 3),
    { endMs: 2000, count: 10, totalMs: 5, longestMs: 2 },
    stop(2999, 1),
    stop(3000, 700),
  ];
  assertEquals(sumStops(stops, 1000, 3000), {
    pausesPerSecond: 6,
    longestMs: 3,
    meanMs: 0.75,
    pausedShare: 0.0045,
  });
  assertEquals(sumStops(stops, 5000, 6000), {
    pausesPerSecond: 0,
    longestMs: 0,
    meanMs: 0,
    pausedShare: 0,
  });
});

const withPython = needs("python3");

withPython.test("CPython's collector is watched without a change of the program", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const program = `${folder}/collect.py`;
    await Deno.writeTextFile(
      program,
      "import gc, sys\n" +
        "gc.disable()\n" +
        "for _ in range(3): gc.collect()\n" +
        "if __name__ == '__main__': print('given', *sys.argv[1:])\n",
    );
    const beganMs = Date.now();
    await using process = new Process({
      program: python,
      args: ["research/pauses/watch_collector.py", program, "one", "two"],
      cores: [],
    });
    const output = await process.output();
    const stops = readPythonLog(output);
    assertEquals(output.split("\n")[0], "given one two");
    assert(stops.length >= 3, output);
    for (const { endMs, totalMs } of stops) {
      assert(endMs >= beganMs - 1 && endMs <= Date.now() + 1, `${endMs}`);
      assert(totalMs > 0, output);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
