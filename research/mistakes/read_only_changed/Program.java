import java.util.Collections;
import java.util.List;

class Program {
    static String firstOf(List<String> names) {
        return names.stream().sorted().findFirst().orElseThrow(); // right
        Collections.sort(names); // wrong
        return names.get(0); // wrong
    }

    public static void main(String[] args) {
        List<String> links = List.of("Smith", "Jaquez");
        System.out.println(firstOf(links) + " " + links.get(0));
    }
}
