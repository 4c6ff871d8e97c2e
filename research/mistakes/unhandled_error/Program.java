import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class Program {
    static String readSecret(String path) {
        try { // right
            return Files.readString(Path.of(path));
        } catch (IOException error) { // right
            return "none"; // right
        } // right
    }

    public static void main(String[] args) {
        System.out.println(readSecret("/no/such/file"));
    }
}
