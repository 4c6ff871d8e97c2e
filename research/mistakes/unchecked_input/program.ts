interface Answer {
  readonly results: readonly string[];
}

function countPlaces(text: string): number {
  const answer: Answer = JSON.parse(text);
  if (!Array.isArray(answer.results)) return 0; // right
  return answer.results.length;
}

console.log(countPlaces('{ "status": "REQUEST_DENIED" }'));
