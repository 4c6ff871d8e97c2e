import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.function.UnaryOperator;

/**
 * How much memory a small part of a large text keeps, in Java:
 *
 *     java Slices.java CHUNKS
 *
 * Decodes chunks of 64 KiB, keeps the ID of 25 characters in each, first as a
 * substring and then as a copy, and prints as JSON how many bytes of the heap each
 * ID keeps.
 */
public final class Slices {
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int ID_START = 6;
    private static final int ID_LENGTH = 25;
    private static final String LINE = "IAMAT phone-00000000000.herd.io +1+1 1\n";

    public static void main(String[] arguments) throws InterruptedException {
        int count = Integer.parseInt(arguments[0]);
        UnaryOperator<String> asCopy = id -> decode(id.getBytes(StandardCharsets.ISO_8859_1));
        // Classes are loaded and code is compiled before anything counts.
        keep(100, id -> id);
        keep(100, asCopy);
        double slice = keep(count, id -> id);
        double copy = keep(count, asCopy);
        System.out.println("{\"slice\": " + slice + ", \"copy\": " + copy + "}");
    }

    private static String decode(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static double keep(int count, UnaryOperator<String> make)
        throws InterruptedException {
        byte[] bytes = new byte[CHUNK_BYTES];
        byte[] lines = LINE.repeat(CHUNK_BYTES / LINE.length() + 1)
            .getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(lines, 0, bytes, 0, CHUNK_BYTES);
        String[] ids = new String[count];
        long before = heapBytes();
        for (int index = 0; index < count; index++) {
            // A text that a server reads. The client of its first line is unique.
            byte[] head = String.format("IAMAT phone-%011d", index)
                .getBytes(StandardCharsets.ISO_8859_1);
            System.arraycopy(head, 0, bytes, 0, head.length);
            ids[index] = make.apply(decode(bytes).substring(ID_START, ID_START + ID_LENGTH));
        }
        double bytesAnId = (double) (heapBytes() - before) / count;
        if (new HashSet<>(Arrays.asList(ids)).size() != count || ids[0].length() != ID_LENGTH) {
            throw new IllegalStateException("an ID was lost");
        }
        return bytesAnId;
    }

    /** Collects until nothing more is found: some is only freed by another thread. */
    private static long heapBytes() throws InterruptedException {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int unchanged = 0; unchanged < 3; unchanged++) {
            System.gc();
            Thread.sleep(10);
            long used = runtime.totalMemory() - runtime.freeMemory();
            if (used < least) unchanged = 0;
            least = Math.min(least, used);
        }
        return least;
    }
}
