function limit(radius: number): number {
  if (radius > 50) return 50;
  return radius; // right
}

console.log(limit(10));
