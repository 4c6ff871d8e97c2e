import java.util.List;
import java.util.Map;

class Program {
    // Stands for a library: the JDK reads no JSON.
    static Map<String, Object> parse(String text) {
        return Map.of("status", text.split("\"")[3]);
    }

    static int countPlaces(String text) {
        Object results = parse(text).get("results");
        if (!(results instanceof List<?>)) return 0; // right
        return ((List<?>) results).size();
    }

    public static void main(String[] args) {
        System.out.println(countPlaces("{ \"status\": \"REQUEST_DENIED\" }"));
    }
}
