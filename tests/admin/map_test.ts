import { geoNaturalEarth1 } from "../../packages/d3_geo.ts";
import { pageFiles } from "../../admin/page.ts";
import { createMap } from "../../tools/project_world.ts";
import { createProjection } from "../../admin/page/viewport.js";
import type { WorldMap } from "../../admin/world_map.ts";
import { assert, assertEquals } from "../assert.ts";

const map: WorldMap = JSON.parse(createMap());

Deno.test({
  name: "createProjection() differs from d3's by less than 0.02 units",
  permissions: "none",
  fn() {
    const project = createProjection(map);
    const exact = geoNaturalEarth1().fitWidth(map.width, { type: "Sphere" });
    let worst = 0;
    for (let latitude = -90; latitude <= 90; latitude += 0.31) {
      for (let longitude = -180; longitude <= 180; longitude += 7.3) {
        const [x, y] = project(latitude, longitude);
        const [exactX, exactY] = exact([longitude, latitude]);
        worst = Math.max(worst, Math.hypot(x - exactX, y - exactY));
      }
    }
    assert(worst < 0.02, `${worst} of ${map.width}`);
    for (const corner of [[-90, -180], [-90, 180], [90, -180], [90, 180]]) {
      const [x, y] = project(corner[0], corner[1]);
      const [exactX, exactY] = exact([corner[1], corner[0]]);
      assert(Math.hypot(x - exactX, y - exactY) < 0.001, corner.join());
    }
  },
});

Deno.test({
  name: "/map.json is what `deno task map` makes",
  permissions: "none",
  fn() {
    assert(pageFiles.get("/map.json")!.text === createMap());
  },
});

Deno.test({
  name: "createMap() has path data and tables, less than 120,000 characters",
  permissions: "none",
  fn() {
    for (const shape of ["sphere", "graticule", "land", "borders"] as const) {
      assert(/^M[-\dMLZ,.]+$/.test(map[shape]), shape);
    }
    assert(createMap().length < 120_000, `${createMap().length} characters`);
    assertEquals(map.xPerDegree.length, 721);
    assertEquals(map.y.length, 721);
  },
});
