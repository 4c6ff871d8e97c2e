function limit(radius) {
  if (radius > 50) return 50;
  return radius; // right
}

console.log(limit(10));
