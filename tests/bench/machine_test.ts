import { describeMachine } from "../../bench/machine.ts";
import { assertEquals } from "../assert.ts";

const descriptions = {
  processors: `processor\t: 0
model name\t: Abacus 3000
flags\t\t: beads

processor\t: 1
model name\t: Abacus 3000
`,
  memory: "MemTotal:       24684176 kB\nMemFree:         1000000 kB\n",
  release: 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  kernel: "6.1.0-13-amd64\n",
};

Deno.test({
  name: "a machine is described from the texts of Linux",
  permissions: "none",
  fn() {
    assertEquals(describeMachine(descriptions, "load on core 1"), {
      processor: "Abacus 3000",
      cores: 2,
      memoryGiB: 23.5,
      system: "Debian GNU/Linux 12 (bookworm), kernel 6.1.0-13-amd64, " +
        Deno.build.arch,
      pinning: "load on core 1",
    });
  },
});

Deno.test({
  name: "a processor and a system without names get general ones",
  permissions: "none",
  fn() {
    const { processor, system } = describeMachine({
      ...descriptions,
      processors: "processor\t: 0\n",
      release: "",
    }, "");
    assertEquals(processor, Deno.build.arch);
    assertEquals(system, `Linux, kernel 6.1.0-13-amd64, ${Deno.build.arch}`);
  },
});
