/**
 * Places the servers of any herd on a circle, so that linked ones are near each
 * other and few links cross.
 *
 * @module
 */

/**
 * @param {readonly string[]} names
 * @param {readonly (readonly [string, string])[]} links
 * @returns {Map<string, { x: number, y: number }>} From -1 to 1, y downwards.
 */
export function placeOnCircle(names, links) {
  const order = shortenLinks(names, links);
  const places = new Map();
  for (const [index, name] of order.entries()) {
    // The first two servers are side by side at the top.
    const turn = (index - 0.5) / order.length;
    const angle = 2 * Math.PI * turn - Math.PI / 2;
    places.set(
      name,
      order.length === 1
        ? { x: 0, y: 0 }
        : { x: Math.cos(angle), y: Math.sin(angle) },
    );
  }
  return places;
}

/**
 * Swaps pairs of servers while that makes the links shorter.
 *
 * @param {readonly string[]} names
 * @param {readonly (readonly [string, string])[]} links
 */
function shortenLinks(names, links) {
  const order = [...names];
  const places = new Map(names.map((name, index) => [name, index]));
  const neighbours = neighboursOf(names, links);
  /** @param {string} name */
  const lengthAt = (name) => {
    const place = Number(places.get(name));
    return Number(
      neighbours.get(name)?.reduce((sum, other) => {
        const steps = Math.abs(place - Number(places.get(other)));
        return sum + Math.min(steps, order.length - steps) ** 1.5;
      }, 0),
    );
  };
  /**
   * @param {number} left
   * @param {number} right
   */
  const swap = (left, right) => {
    [order[left], order[right]] = [order[right], order[left]];
    places.set(order[left], left).set(order[right], right);
  };
  let isBetter = true;
  while (isBetter) {
    isBetter = false;
    for (let left = 1; left < order.length; left++) {
      for (let right = left + 1; right < order.length; right++) {
        const [one, other] = [order[left], order[right]];
        const before = lengthAt(one) + lengthAt(other);
        swap(left, right);
        if (lengthAt(one) + lengthAt(other) < before - 1e-9) isBetter = true;
        else swap(left, right);
      }
    }
  }
  return clockwise(order, names);
}

/**
 * @param {readonly string[]} names
 * @param {readonly (readonly [string, string])[]} links Links to servers that
 *   are not in `names` are ignored.
 * @returns {Map<string, string[]>}
 */
function neighboursOf(names, links) {
  /** @type {Map<string, string[]>} */
  const neighbours = new Map(names.map((name) => [name, []]));
  for (const [left, right] of links) {
    if (!neighbours.has(left) || !neighbours.has(right)) continue;
    neighbours.get(left)?.push(right);
    neighbours.get(right)?.push(left);
  }
  return neighbours;
}

/**
 * The same circle, in the direction that is closer to the herd file's order.
 *
 * @param {readonly string[]} order
 * @param {readonly string[]} names
 */
function clockwise(order, names) {
  const [first, ...rest] = order;
  const isBackwards = rest.length > 1 &&
    names.indexOf(rest[0]) > names.indexOf(rest[rest.length - 1]);
  return [first, ...(isBackwards ? rest.reverse() : rest)];
}
