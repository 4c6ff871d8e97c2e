function countPlaces(text) {
  const answer = JSON.parse(text);
  if (!Array.isArray(answer.results)) return 0; // right
  return answer.results.length;
}

console.log(countPlaces('{ "status": "REQUEST_DENIED" }'));
