import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a second thread gains and costs in Java:
 *
 *     java Threads.java UPDATES LINES
 *
 * Prints as JSON the updates a second of one thread (UPDATES of them) and of two
 * threads (UPDATES each, with a shared ConcurrentHashMap), and the CPU time of both
 * sides to pass an AT line to another thread in an ArrayBlockingQueue: alone, and
 * with 64 in a text (LINES of them). Only a reference is passed.
 */
public final class Threads {
    private static final int CLIENTS = 1_000;
    private static final int LINES_A_CLIENT = 10;
    private static final int LINES_A_PART = 64;
    /** The most texts in flight. */
    private static final int QUEUE_LENGTH = 4 * LINES_A_PART;

    private static final String LATITUDE = "[+-]0*(?:90(?:\\.0+)?|[0-8]?\\d(?:\\.\\d+)?)";
    private static final String LONGITUDE =
        "[+-]0*(?:180(?:\\.0+)?|(?:1[0-7]|\\d)?\\d(?:\\.\\d+)?)";
    private static final Pattern IAMAT = Pattern.compile(
        "\\s*IAMAT\\s+(\\S+)\\s+(" + LATITUDE + LONGITUDE
            + ")\\s+((\\d{1,15})(?:\\.(\\d+))?)\\s*");

    private static final ConcurrentHashMap<String, Report> reports = new ConcurrentHashMap<>();

    private record Report(long seconds, String fraction, String line) {
        boolean isNewerThan(Report other) {
            if (seconds != other.seconds) return seconds > other.seconds;
            return fraction.compareTo(other.fraction) > 0;
        }
    }

    /** A thread's lines, about clients that no other thread has. */
    private static final class Job {
        private final List<String> lines = new ArrayList<>();
        private int passes;

        Job(int thread) {
            for (int index = 0; index < CLIENTS * LINES_A_CLIENT; index++) {
                lines.add(String.format(
                    "IAMAT phone-%05d-%05d.herd.io +34.068930-118.445127 %d.918963997",
                    thread, index % CLIENTS, 1_800_000_000 + index / CLIENTS));
            }
        }

        /** Goes through all lines until there were so many; each of them is news. */
        void run(int updates) {
            for (int left = updates; left > 0; left -= lines.size()) {
                long offset = (long) passes * LINES_A_CLIENT;
                passes++;
                for (String line : lines) keep(line, offset);
            }
        }

        private static void keep(String line, long offset) {
            Matcher match = IAMAT.matcher(line);
            if (!match.matches()) throw new IllegalStateException("no IAMAT: " + line);
            Report report =
                new Report(Long.parseLong(match.group(4)) + offset, match.group(5), line);
            Report kept = reports.merge(
                match.group(1), report, (known, other) -> other.isNewerThan(known) ? other : known);
            if (kept != report) throw new IllegalStateException("a line was no news");
        }
    }

    private static double updatesPerSecond(List<Job> jobs, int updates)
        throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (Job job : jobs) threads.add(new Thread(() -> job.run(updates)));
        long startNs = System.nanoTime();
        for (Thread thread : threads) thread.start();
        for (Thread thread : threads) thread.join();
        return jobs.size() * (double) updates / (System.nanoTime() - startNs) * 1e9;
    }

    /** Of this thread: that of the process is told in hundredths of a second only. */
    private static long cpuNs() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static double cpuUsALine(int lines, List<String> part) throws InterruptedException {
        ArrayBlockingQueue<String> handed = new ArrayBlockingQueue<>(QUEUE_LENGTH);
        int parts = lines / LINES_A_PART;
        AtomicLong takerNs = new AtomicLong();
        Thread taker = new Thread(() -> {
            try {
                for (int count = parts * part.size(); count > 0; count--) handed.take();
                takerNs.set(cpuNs());
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
        });
        long startNs = cpuNs();
        taker.start();
        for (int count = 0; count < parts; count++) {
            for (String text : part) handed.put(text);
        }
        taker.join();
        return (cpuNs() - startNs + takerNs.get()) / 1e3 / (parts * LINES_A_PART);
    }

    public static void main(String[] arguments) throws InterruptedException {
        int updates = Integer.parseInt(arguments[0]);
        int lines = Integer.parseInt(arguments[1]);
        List<Job> jobs = List.of(new Job(0), new Job(1));
        updatesPerSecond(jobs, updates);
        List<String> atLines = new ArrayList<>();
        for (int index = 0; index < LINES_A_PART; index++) {
            atLines.add(String.format(
                "AT Hill +60.000263874 phone-00000-%05d.herd.io "
                    + "+34.068930-118.445127 1800000000.918963997", index));
        }
        List<String> together = List.of(String.join("\n", atLines));
        double oneThread = updatesPerSecond(jobs.subList(0, 1), updates);
        double twoThreads = updatesPerSecond(jobs, updates);
        if (reports.size() != 2 * CLIENTS) throw new IllegalStateException("a client was lost");
        cpuUsALine(lines / 4, atLines);
        double messageUs = cpuUsALine(lines, atLines);
        double messageOf64Us = cpuUsALine(lines, together);
        System.out.printf(
            "{\"oneThread\": %s, \"twoThreads\": %s, \"messageUs\": %s, \"messageOf64Us\": %s}%n",
            oneThread, twoThreads, messageUs, messageOf64Us);
    }
}
