/**
 * The programs that the experiments need beside those of the bench.
 *
 * @module
 */
import { outputOf, type Requirement } from "../bench/programs.ts";

const uvloopVersion = ["-c", "import uvloop; print(uvloop.__version__)"];

/**
 * The Python that has uvloop, if there is one. asyncio runs on this Python with
 * uvloop and without, so that nothing else differs.
 */
export const python =
  ["python3", "/usr/bin/python3"].find((program) =>
    outputOf([program, ...uvloopVersion]) !== undefined
  ) ?? "python3";

/** All of them, by short names. */
export const requirements = {
  node: {
    name: "node",
    command: ["node", "--version"],
    version: /^v(\S+)/,
    install: "apt-get install nodejs",
  },
  python: {
    name: "python3",
    command: [python, "--version"],
    version: /^Python (\S+)/,
    install: "apt-get install python3",
  },
  uvloop: {
    name: "uvloop",
    command: [python, ...uvloopVersion],
    version: /^(\S+)/,
    install: "apt-get install python3-uvloop",
  },
  mypy: {
    name: "mypy",
    command: ["mypy", "--version"],
    version: /^mypy (\S+)/,
    install: "apt-get install mypy",
  },
  java: {
    name: "java",
    // Finds the compiler too, which some packages of Java lack.
    command: ["java", "--list-modules"],
    version: /^jdk\.compiler@(\S+)/m,
    install: "apt-get install default-jdk-headless",
  },
  nats: {
    name: "nats-server",
    command: ["nats-server", "--version"],
    version: /: v(\S+)/,
    install: "apt-get install nats-server",
  },
} as const satisfies Record<string, Requirement>;
