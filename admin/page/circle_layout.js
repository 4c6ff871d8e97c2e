/**
 * Places the servers of any herd on an ellipse, so that linked ones stand near
 * each other and few links cross.
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
    // Two servers side by side at the top, or one if there is no other.
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
 * Swaps servers as long as that makes the links shorter.
 *
 * @param {readonly string[]} names
 * @param {readonly (readonly [string, string])[]} links
 */
function shortenLinks(names, links) {
  const order = [...names];
  const known = links.filter((ends) =>
    ends.every((name) => names.includes(name))
  );
  const length = () => {
    const places = new Map(order.map((name, index) => [name, index]));
    return known.reduce((sum, [left, right]) => {
      const steps = Math.abs(
        Number(places.get(left)) - Number(places.get(right)),
      );
      return sum + Math.min(steps, order.length - steps) ** 1.5;
    }, 0);
  };
  let best = length();
  let isBetter = true;
  while (isBetter) {
    isBetter = false;
    for (let left = 1; left < order.length; left++) {
      for (let right = left + 1; right < order.length; right++) {
        swap(order, left, right);
        const now = length();
        if (now < best - 1e-9) {
          best = now;
          isBetter = true;
        } else {
          swap(order, left, right);
        }
      }
    }
  }
  return clockwise(order, names);
}

/**
 * The same circle in the direction that is nearer to the herd file's order.
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

/**
 * @param {string[]} order
 * @param {number} left
 * @param {number} right
 */
function swap(order, left, right) {
  [order[left], order[right]] = [order[right], order[left]];
}
