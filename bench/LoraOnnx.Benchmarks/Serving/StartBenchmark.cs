using System.Diagnostics;
using System.Globalization;

namespace LoraOnnx.Benchmarks.Serving;

/// <summary>Starts of programs as processes, in turn, files in the cache: an empty one, lora-serve's help, lora-serve until it listens.</summary>
internal static class StartBenchmark
{
    public const string Question = "How long does lora-serve take to its help, and to serving models/demo, beside an empty .NET program?";

    /// <summary><c>start [ROUNDS]</c>: medians of 20 rounds.</summary>
    public static int Run(string[] arguments)
    {
        var rounds = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 20;
        var folder = Path.Combine(CheckoutRoot.Path, "artifacts", "bench", "start");
        var model = DemoModel(folder);
        var built = Path.Combine(CheckoutRoot.Path, "bin", "lora-serve");
        var published = Published(Path.Combine(CheckoutRoot.Path, "src", "Serving"), folder, "lora-serve");
        var empty = Published(EmptyProgram(), folder, "empty");
        var starts = new (string Name, Func<double> Milliseconds)[]
        {
            ("empty program", () => UntilItEnds(empty)),
            ("published, --help", () => UntilItEnds(published, "--help")),
            ("bin/lora-serve, --help", () => UntilItEnds(built, "--help")),
            ("published, until it listens", () => UntilItListens(published, model)),
            ("bin/lora-serve, until it listens", () => UntilItListens(built, model)),
        };
        var times = starts.ToDictionary(start => start.Name, _ => new List<double>());
        for (var round = -1; round < rounds; round++)
        {
            foreach (var (name, milliseconds) in starts)
            {
                var time = milliseconds();
                if (round >= 0) // the one before them reads the files
                {
                    times[name].Add(time);
                }
            }
        }

        foreach (var (name, all) in times)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34} {Figures.Median(all),6:0} ms "
                + $"(quartiles {Figures.Percentile(all, 0.25):0} to {Figures.Percentile(all, 0.75):0}, {all.Count} starts)"));
        }

        return 0;
    }

    /// <summary>models/demo as lora-merge writes it.</summary>
    public static string DemoModel(string folder)
    {
        var model = Path.Combine(folder, "demo");
        if (!File.Exists(Path.Combine(model, "model.onnx")))
        {
            Succeed(Path.Combine(CheckoutRoot.Path, "bin", "lora-merge"), "--model", Path.Combine(CheckoutRoot.Path, "models", "demo"),
                "--out", Path.Combine(model, "model.onnx"));
        }

        return model;
    }

    /// <summary>A project outside of the checkout, which has nothing of its settings.</summary>
    private static string EmptyProgram()
    {
        var project = Directory.CreateTempSubdirectory("empty").FullName;
        File.WriteAllText(Path.Combine(project, "empty.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(project, "Program.cs"), "return;\n");
        return project;
    }

    /// <summary>A program published for this platform, compiled ahead, without the runtime in it: as the image and the tool are.</summary>
    private static string Published(string project, string folder, string program)
    {
        Succeed("dotnet", "publish", project, "--use-current-runtime", "--self-contained", "false", "--verbosity", "quiet",
            "-p:RunAnalyzers=false", "--artifacts-path", Path.Combine(folder, "artifacts"), "--output", Path.Combine(folder, "published", program));
        return Path.Combine(folder, "published", program, program);
    }

    private static void Succeed(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");
        }
    }

    private static double UntilItEnds(string program, params string[] arguments)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!; // a path gives a process
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return watch.Elapsed.TotalMilliseconds;
    }

    private static double UntilItListens(string program, string model)
    {
        var watch = Stopwatch.StartNew();
        using var server = ServerUnderTest.Start(model, program);
        return watch.Elapsed.TotalMilliseconds;
    }
}
