using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using LoraOnnx.Client;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests;

/// <summary>lora-serve and its client as processes.</summary>
public sealed partial class ProgramTests(DemoOnnx demo)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_says_what_it_serves_and_where_and_answers_its_client()
    {
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={demo.Path}");

        var line = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "A slow start, but the last act is wonderful."]);
        var lines = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "-"],
            input: "a wonderful film\na terrible film\n");
        var json = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--model", "sentiment", "--logits", "--json", "-"],
            input: "wonderful\n\nawful\n");
        var explained = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--explain", "A slow start, but wonderful."]);
        var exitCode = await server.EndAsync("TERM");

        Assert.StartsWith("model sentiment version ", server.Lines[0], StringComparison.Ordinal);
        Assert.True(line.ExitCode == 0 && line.Output.StartsWith("POSITIVE  NEGATIVE 0.", StringComparison.Ordinal)
            && line.Output.Contains("[sentiment@", StringComparison.Ordinal), line.ToString());
        Assert.True(lines.ExitCode == 0 && Regex.IsMatch(lines.Output, @"^POSITIVE  .+\]\nNEGATIVE  .+\]\n$"), lines.ToString());
        var answers = json.Output.TrimEnd().Split('\n').Select(answer => JsonDocument.Parse(answer).RootElement).ToArray();
        Assert.Equal(["POSITIVE", "NEGATIVE"], new[] { answers[0], answers[2] }.Select(answer => answer.GetProperty("label").GetString()));
        Assert.Equal(2, answers[1].GetProperty("tokens").GetInt32());
        Assert.All(answers, answer => Assert.Equal(2, answer.GetProperty("logits").GetArrayLength()));
        Assert.True(Regex.IsMatch(explained.Output, @"\APOSITIVE  .+\]\nlogit of POSITIVE: .+ each word adds:\n.+ A\n(.+\n)*.+ wonderful\n"),
            explained.ToString());
        Assert.Equal(143, exitCode);
    }

    [Fact]
    public async Task SIGTERM_under_load_answers_every_call_that_was_taken()
    {
        using var server = await ServerProcess.StartAsync("--model", demo.Path, "--drain-seconds", "120");
        using var client = new SentimentClient(server.GrpcAddress, new SentimentClientOptions { Timeout = Patience.Time });
        string[] texts = [.. Enumerable.Range(0, 200).Select(number => $"film number {number} is neither good nor bad")];

        var batch = client.PredictBatchAsync(texts, PredictOptions.Default, Cancel);
        using var http = new HttpClient { BaseAddress = server.HttpAddress };
        while (!HasTexts().IsMatch(await http.GetStringAsync("metrics", Cancel)))
        {
            Assert.False(batch.IsFaulted, $"{batch.Exception}");
        }

        var exitCode = await server.EndAsync("TERM");
        var results = await batch;

        Assert.Equal(143, exitCode);
        Assert.All(results, result => Assert.Null(result.Error));
    }

    [Fact]
    public async Task A_precision_that_was_asked_for_answers_and_auto_and_fast_say_what_they_chose()
    {
        var directory = Directory.CreateTempSubdirectory("lora-serve-precision-").FullName;
        foreach (var file in Directory.GetFiles(demo.Path))
        {
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
        }

        var (fp16, _) = await AnswerAsync(directory, "fp16");
        var (int8, gate) = await AnswerAsync(directory, "int8"); // made on load of model.onnx, and its gate's report written beside it
        var (auto, exact) = await AnswerAsync(directory, "auto");
        var (fast, reason) = await AnswerAsync(directory, "fast");

        Assert.All(new[] { fp16, int8, auto, fast },
            answers => Assert.Equal(["POSITIVE", "NEGATIVE"], answers.Select(answer => answer.GetProperty("label").GetString())));
        Assert.NotEqual(Logits(fp16), Logits(int8));
        Assert.Contains("accuracy gate of int8 passed", gate, StringComparison.Ordinal);
        Assert.Matches("precision as in the file .fp32.: auto is exact", exact);
        Assert.Matches("fast is precision (bf16|int8): .*this CPU has .+ passed its accuracy gate|fast is precision as in the file: .*no 8-bit",
            reason);
        Directory.Delete(directory, recursive: true);

        static float[] Logits(JsonElement[] answers) =>
            [.. answers.SelectMany(answer => answer.GetProperty("logits").EnumerateArray()).Select(logit => logit.GetSingle())];
    }

    private static async Task<(JsonElement[] Answers, string Log)> AnswerAsync(string model, string precision)
    {
        using var server = await ServerProcess.StartAsync("--model", model, "--device", "cpu", "--precision", precision);
        var result = Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--logits", "--json", "-"],
            input: "A wonderful film.\nA terrible film.\n");
        await server.EndAsync("TERM");
        return ([.. result.Output.TrimEnd().Split('\n').Select(answer => JsonDocument.Parse(answer).RootElement)], await server.Error);
    }

    [Fact]
    public void A_taken_port_is_said_in_three_lines_at_most()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        AssertError($"127.0.0.1:{port}: address already in use", "--model", demo.Path, "--grpc-port", $"{port}", "--http-port", "0");
    }

    [Fact]
    public void A_port_that_is_not_for_this_user_and_too_little_memory_are_said_before_models_are_loaded()
    {
        Requirement.SkipUnless(File.Exists("/usr/bin/setpriv"), "setpriv (util-linux) takes the right to low ports away.");
        Requirement.SkipUnless(
            File.ReadAllText("/proc/sys/net/ipv4/ip_unprivileged_port_start").Trim() == "1024", "this system lets everybody have low ports.");
        var port = Command.Run("/usr/bin/setpriv",
            ["--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service", ServerProcess.Program, "--model", "no/such", "--http-port", "81",
                "--grpc-port", "0"]);
        using var memory = ServerProcess.Start(
            new Surroundings(Environment: new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x2000000" }), "--model", demo.Path,
            "--http-port", "0", "--grpc-port", "0");
        var said = memory.StandardError.ReadToEnd();
        memory.WaitForExit();

        Assert.True(port.ExitCode == 1
            && port.Error.Contains("127.0.0.1:81: this user may not listen on port 81; ports below 1024 are for root.", StringComparison.Ordinal),
            port.ToString());
        Assert.True(memory.ExitCode == 1 && said.Contains("too little memory: the models take at least", StringComparison.Ordinal)
            && said.Contains("has 32 MiB.", StringComparison.Ordinal) && said.TrimEnd().Split('\n').Length <= 3, said);
    }

    [Fact]
    public void Wrong_input_is_said_in_three_lines_at_most()
    {
        AssertError("no model to serve");
        AssertError("no/such/model: no such file or directory", "--model", "no/such/model");
        AssertError("--grpc-port is 70000, expected 0 to 65535", "--model", demo.Path, "--grpc-port", "70000");
        AssertError("--no-such-option", "--model", demo.Path, "--no-such-option");
        AssertError("--tls-key needs --tls-cert", "--model", demo.Path, "--tls-key", Repository.Path("LICENSE"));
        AssertError("CUDA", "--model", demo.Path, "--device", "cuda");
    }

    [Fact]
    public async Task Other_wrong_input_is_an_error_that_names_it()
    {
        var engine = new TestEngine();
        var license = Repository.Path("LICENSE");
        var good = TestServer.Options;
        (ServingOptions Options, string Expected)[] cases =
        [
            (good with { Host = "example.invalid" }, "--host 'example.invalid' is not an address"),
            (good with { GrpcPort = 1, HttpPort = 1 }, "--grpc-port and --http-port are both 1."),
            (good with { Host = "192.0.2.1" }, "--host 192.0.2.1: cannot listen"),
            (good with { Models = ["a b=path"] }, "'a b' is not a name"),
            (good with { Models = ["=path"] }, "'' is not a name"),
            (good with { Models = ["a@=path"] }, "'' is not a name"),
            (good with { Models = ["a="] }, "names no path"),
            (good with { Models = ["a=x", "a=y"] }, "two models are called the same"),
            (good with { TlsCertificate = license }, "LICENSE: holds no PEM certificate"),
            (good with { Access = [new ApiKeyScheme(license)] }, "LICENSE:2: is not 'user NAME KEY'"),
        ];
        foreach (var (options, expected) in cases)
        {
            var failure = await Assert.ThrowsAsync<InputException>(() => TestServer.StartAsync(engine, options));
            Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_client_that_finds_no_server_says_so_in_two_lines()
    {
        using var unused = new TcpListener(IPAddress.Loopback, 0);
        unused.Start();
        var address = $"127.0.0.1:{((IPEndPoint)unused.LocalEndpoint).Port}";
        unused.Stop();

        AssertError($"no server answers at {address}: Connection refused", "predict", "--address", address, "text");
        AssertError($"no server answers at {address}: Connection refused", "predict", "--address", address, "-");
    }

    [Fact]
    public void A_client_whose_server_is_silent_gives_up_in_time()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        AssertError("did not answer within 0.5 seconds", "predict", "--address", $"127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}", "--timeout",
            "0.5", "text");
    }

    [Fact]
    public async Task The_clients_other_errors_are_the_servers()
    {
        using var server = await ServerProcess.StartAsync("--model", $"sentiment={demo.Path}", "--max-text-chars", "10");

        AssertError("no model 'other'; there are: sentiment@", "predict", "--address", server.GrpcAddress, "--model", "other", "text");
        AssertError("text: has 11 UTF-16 units", "predict", "--address", server.GrpcAddress, "12345678901");
    }

    /// <summary>The batch waits for the engine, or some of it has been through.</summary>
    [GeneratedRegex(@"^lora_serve_(?:queue_texts|texts_total)\{.*\} [1-9]", RegexOptions.Multiline)]
    private static partial Regex HasTexts();

    private static void AssertError(string expected, params string[] arguments)
    {
        var result = Command.Run(ServerProcess.Program, arguments);

        var lines = result.Error.TrimEnd().Split('\n');
        Assert.True(result.ExitCode == 1 && result.Output.Length == 0 && lines.Length <= 3 && lines[0].StartsWith("error: ", StringComparison.Ordinal)
            && result.Error.Contains(expected, StringComparison.OrdinalIgnoreCase), $"expected '{expected}'\n{result}");
    }
}
