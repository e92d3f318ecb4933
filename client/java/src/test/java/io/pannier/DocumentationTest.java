package io.pannier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code in the documentation compiles, and prints what it says, against a real sidecar. */
class DocumentationTest {
  private static final String CLASSES = System.getProperty("java.class.path");

  @TempDir private Path folder;

  @Test
  void theExamplesOfTheReadmePrintWhatTheySay() throws Exception {
    assertPrints(Example.inMarkdown(Path.of("README.md")));
  }

  @Test
  void theExamplesOfTheJavadocPrintWhatTheySay() throws Exception {
    assertPrints(Example.inJavadoc(Path.of("src/main/java/io/pannier")));
  }

  private void assertPrints(List<Example> examples) throws Exception {
    assertFalse(examples.isEmpty());
    compile(examples);
    String expected =
        examples.stream()
            .map(example -> "== " + example.name() + "\n" + lines(example.prints()))
            .collect(Collectors.joining());
    try (Sidecar sidecar = Sidecar.start(folder)) {
      assertEquals(expected, run(sidecar));
    }
  }

  private void compile(List<Example> examples) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("-d", folder.toString(), "-cp", CLASSES));
    for (Example example : examples) {
      arguments.add(write(example.name(), example.source()));
    }
    arguments.add(write("All", all(examples)));
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertEquals(0, failed, "the compiler's words are on the standard error output");
  }

  /** Returns a program that runs one after the other. */
  private static String all(List<Example> examples) {
    String runs =
        examples.stream()
            .map(Example::name)
            .map(
                name ->
                    "System.out.println(\"== %1$s\"); %1$s.store = store; %1$s.run();\n"
                        .formatted(name))
            .collect(Collectors.joining());
    return """
    package examples;
    class All {
      public static void main(String[] arguments) throws Exception {
        try (io.pannier.PannierStore store = io.pannier.Pannier.connect()) {
          %s
        }
      }
    }
    """
        .formatted(runs);
  }

  private String write(String name, String source) throws IOException {
    return Files.writeString(folder.resolve(name + ".java"), source).toString();
  }

  /** Runs the program; returns what it printed, or how it failed. */
  private String run(Sidecar sidecar) throws IOException, InterruptedException {
    ProcessBuilder java =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            folder + ":" + CLASSES,
            "examples.All");
    java.environment().put("PANNIER_ADDRESS", sidecar.address());
    Process process = java.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor() == 0, output);
    return output;
  }

  private static String lines(List<String> lines) {
    return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
  }
}
