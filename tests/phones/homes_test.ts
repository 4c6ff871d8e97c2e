import { cities } from "../../phones/cities.ts";
import { findHomes } from "../../phones/homes.ts";
import { assert, assertEquals } from "../assert.ts";
import { projectFolder } from "../end_to_end/process.ts";

Deno.test("all cities are in the gazetteer", async () => {
  const text = await Deno.readTextFile(`${projectFolder}places/gazetteer.txt`);
  assert(cities.length >= 40);
  for (const { latitude, longitude, name } of cities) {
    const escaped = JSON.stringify(name).slice(1, -1).replace(
      /[^ -~]/g,
      (character) =>
        `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    const line = `\n${escaped}\t${latitude}\t${longitude}\n`;
    assert(text.includes(line), `${name} is not in the gazetteer`);
  }
  assertEquals(new Set(cities.map(({ name }) => name)).size, cities.length);
});

Deno.test({
  name: "homes are a city's centre and the places near it",
  permissions: "none",
  fn() {
    const positions: string[] = [];
    const homes = findHomes((latitude, longitude) => {
      positions.push(latitude + longitude);
      return JSON.stringify({
        results: [{ geometry: { location: { lat: 1, lng: 2 } } }],
      });
    });
    assertEquals(homes.length, 2 * cities.length);
    assertEquals(homes.slice(0, 2), [
      { city: "Tokyo", latitude: 35.6895, longitude: 139.69171 },
      { city: "Tokyo", latitude: 1, longitude: 2 },
    ]);
    assertEquals(positions[0], "+35.689500+139.691710");
  },
});
