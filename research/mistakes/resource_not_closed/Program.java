import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

class Program {
    static int firstByte(String path) throws IOException {
        try (InputStream file = Files.newInputStream(Path.of(path))) { // right
            return file.read(); // right
        } // right
        InputStream file = Files.newInputStream(Path.of(path)); // wrong
        return file.read(); // wrong
    }

    public static void main(String[] args) throws IOException {
        System.out.println(firstByte("/etc/passwd"));
    }
}
