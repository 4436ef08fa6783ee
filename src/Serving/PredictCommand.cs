using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.CommandLine;
using LoraOnnx.V1;

namespace LoraOnnx.Serving;

/// <summary><c>lora-serve predict</c>: asks a running server.</summary>
internal static class PredictCommand
{
    /// <summary>The argument that means: a text a line from standard input.</summary>
    private const string StandardInput = "-";

    private static readonly JsonFormatter _json = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithFormatDefaultValues(true));

    /// <summary>How --help is arranged.</summary>
    public static CommandHelp Help { get; } = new(
        ["lora-serve predict --address 127.0.0.1:50051 \"A slow start, but worth it.\"",
            "lora-serve predict --address 127.0.0.1:50051 --json - < texts.txt"],
        new HelpGroup("Server", "--address", "--model", "--timeout", "--api-key"),
        new HelpGroup("Results", "--logits", "--explain", "--json"));

    public static Command Create()
    {
        var text = new Argument<string[]>("TEXT")
        {
            Description = "The text to classify, or - for a text a line from standard input.",
            Arity = ArgumentArity.OneOrMore,
        };
        text.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal))?.Value is { } option)
            {
                result.AddError(Spelling.UnknownOption(option, (result.Parent as CommandResult)!.Command)); // an argument stands in a command
            }
            else if (result.Tokens.Count > 1)
            {
                result.AddError($"{result.Tokens.Count} texts are given, expected one: put a text into quotes, or give - and several on standard "
                    + "input, one a line.");
            }
        });
        var address = new Option<string>("--address")
        {
            Description = "Where the server listens for gRPC: HOST:PORT, or https://HOST:PORT for TLS.",
            Required = true,
            HelpName = "HOST:PORT",
        };
        var model = new Option<string>("--model")
        {
            Description = "Name of the model. [default: the server's first]",
            HelpName = "NAME[@VERSION]",
        };
        var timeout = new Option<double>("--timeout")
        {
            Description = "Seconds to wait for the answer; with - for each text.",
            DefaultValueFactory = _ => 30,
        };
        var logits = new Option<bool>("--logits") { Description = "Show the logits too." };
        var explain = new Option<bool>("--explain")
        {
            Description = "Say what each word adds to the logit of the class decided for; of one text.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object a text." };
        var apiKey = SharedOptions.ApiKey();
        timeout.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var seconds)
                && !(seconds > 0 && seconds <= 86_400))
            {
                result.AddError($"--timeout is {result.Tokens[0].Value}, expected more than 0 and at most 86400 seconds.");
            }
        });
        var command =
            new Command("predict", "Asks a running server what it makes of a text.") { text, address, model, timeout, logits, explain, json, apiKey };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (name, version) = SplitName(parsed.GetValue(model) ?? "");
            var request = new PredictOptions { Model = name, ModelVersion = version, IncludeLogits = parsed.GetValue(logits) };
            Action<PredictResponse> write = parsed.GetValue(json)
                ? response => Console.WriteLine(_json.Format(response))
                : response => VisibleLines.Answer(Line(response));
            using var client = Connect(parsed.GetRequiredValue(address), parsed.GetValue(apiKey), TimeSpan.FromSeconds(parsed.GetValue(timeout)));
            var given = parsed.GetRequiredValue(text)[0]; // validated: one
            if (parsed.GetValue(explain))
            {
                return given == StandardInput
                    ? throw new InputException("--explain explains one text; - reads many.", "give the text itself.")
                    : await ExplainAsync(client, given, request, parsed.GetValue(json), cancellationToken);
            }

            return given == StandardInput
                ? await PredictLinesAsync(client, request, write, cancellationToken)
                : await PredictOneAsync(client, given, request, write, cancellationToken);
        });
        return command;
    }

    private static SentimentClient Connect(string address, string? apiKey, TimeSpan timeout)
    {
        try
        {
            return new SentimentClient(address,
                new SentimentClientOptions { Timeout = timeout, ApiKey = apiKey });
        }
        catch (ArgumentException failure)
        {
            throw new InputException($"--address '{address}' is not HOST:PORT.", inner: failure);
        }
    }

    private static async Task<int> PredictOneAsync(
        SentimentClient client, string text, PredictOptions request, Action<PredictResponse> write, CancellationToken cancellationToken)
    {
        write(await AnswerAsync(client, client.PredictAsync(text, request, cancellationToken), cancellationToken));
        return ExitCode.Success;
    }

    private static async Task<int> ExplainAsync(
        SentimentClient client, string text, PredictOptions request, bool asJson, CancellationToken cancellationToken)
    {
        var explained = await AnswerAsync(client, client.ExplainAsync(text, "", request, cancellationToken), cancellationToken);
        if (explained.Warning.Length > 0)
        {
            WarningLines.Write(explained.Warning);
        }

        if (asJson)
        {
            Console.WriteLine(_json.Format(explained));
        }
        else
        {
            Lines(explained).ForEach(VisibleLines.Answer);
        }

        return ExitCode.Success;
    }

    private static async Task<T> AnswerAsync<T>(SentimentClient client, Task<T> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call;
        }
        catch (RpcException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw Explain(client, failure);
        }
    }

    private static async Task<int> PredictLinesAsync(
        SentimentClient client, PredictOptions request, Action<PredictResponse> write, CancellationToken cancellationToken)
    {
        var number = 0;
        var failed = false;
        try
        {
            await foreach (var result in client.PredictAllAsync(LinesAsync(cancellationToken), request, cancellationToken))
            {
                number++;
                if (result.Prediction is { } prediction)
                {
                    write(prediction);
                }
                else
                {
                    failed = true;
                    VisibleLines.Tell($"error: line {number}: {result.Error!.Message}"); // one of the two is set
                }
            }

            return failed ? ExitCode.Failure : ExitCode.Success;
        }
        catch (RpcException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw Explain(client, failure);
        }
    }

    private static async IAsyncEnumerable<string> LinesAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    private static InputException Explain(SentimentClient client, RpcException failure) => failure.StatusCode switch
    {
        _ when CallFault.OfAddress(failure) is { } fault => new InputException($"{client.Address} {fault.What}", fault.WayOut, failure),
        StatusCode.Unavailable => new InputException(
            $"no server answers at {client.Address}: {Innermost(failure)}", "start one with lora-serve, or check --address.", failure),
        StatusCode.DeadlineExceeded =>
            new InputException($"{client.Address} did not answer within {client.Timeout.TotalSeconds:g} seconds.", "allow more with --timeout.",
                failure),
        StatusCode.ResourceExhausted =>
            new InputException($"{client.Address} is too busy: {failure.Status.Detail}", "try again in a moment.", failure),
        _ => new InputException($"{client.Address} answered {failure.StatusCode}: {failure.Status.Detail}", inner: failure),
    };

    private static string Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return failure is RpcException call ? call.Status.DebugException?.GetBaseException().Message ?? call.Status.Detail : failure.Message;
    }

    private static (string Name, string Version) SplitName(string name)
    {
        var at = name.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? (name, "") : (name[..at], name[(at + 1)..]);
    }

    /// <summary>The answer, and a line for each word in the order of the text.</summary>
    private static List<string> Lines(ExplainResponse explained) =>
    [
        Line(explained.Prediction),
        string.Create(CultureInfo.InvariantCulture,
            $"logit of {explained.Label}: {explained.BaselineLogit:0.000} without words, {explained.Logit:0.000} with them; each word adds:"),
        .. explained.Words.Select(word => string.Create(CultureInfo.InvariantCulture, $"{word.Value,9:+0.000;-0.000;0.000}  {word.Text}")),
    ];

    private static string Line(PredictResponse response)
    {
        var scores = string.Join("  ",
            response.Scores.Select(score => string.Create(CultureInfo.InvariantCulture, $"{score.Label} {score.Score:0.0000}")));
        var logits = response.Logits.Count == 0
            ? ""
            : $"  logits {string.Join(' ', response.Logits.Select(logit => logit.ToString("g9", CultureInfo.InvariantCulture)))}";
        var tokens = response.Truncated ? $"{response.Tokens} of {response.TotalTokens} tokens (cut)" : $"{response.Tokens} tokens";
        return string.Create(CultureInfo.InvariantCulture,
            $"{(response.Labels.Count > 0 ? string.Join('+', response.Labels) : response.Label)}  {scores}{logits}  "
                + $"[{response.Model}@{response.ModelVersion}, {tokens}, {response.Times.TotalUs / 1000.0:0.0} ms]");
    }
}
