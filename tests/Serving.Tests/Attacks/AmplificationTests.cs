using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace LoraOnnx.Serving.Tests.Attacks;

/// <summary>
/// Small requests that stand for much memory, against a real server: none under 1 MiB on the wire may cost more than 64 MiB, alone or eight at a
/// time.
/// </summary>
public sealed class AmplificationTests(DemoOnnx demo)
{
    private const double MostMebibytes = 64;
    private const int AtOnce = 8;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_under_a_mebibyte_costs_more_than_64()
    {
        using var server = await ServerProcess.StartAsync("--model", $"demo={demo.Path}", "--device", "cpu");
        using var grpc = new HttpClient
        {
            BaseAddress = new Uri($"http://{server.GrpcAddress}"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        using var http = new HttpClient
        {
            BaseAddress = server.HttpAddress,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var report = new StringBuilder();
        var worst = 0.0;
        var requests = 0;
        foreach (var attack in Attacks.All)
        {
            var client = attack.IsGrpc ? grpc : http;
            await SendAsync(client, attack); // what a first call costs once is not of the request
            var before = Memory(server.Id, "VmRSS");
            await File.WriteAllTextAsync($"/proc/{server.Id}/clear_refs", "5", Cancel); // VmHWM begins anew
            var watch = Stopwatch.StartNew();
            var answers = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => SendAsync(client, attack)));
            var seconds = watch.Elapsed.TotalSeconds;
            var cost = (Memory(server.Id, "VmHWM") - before) / AtOnce;
            requests += AtOnce + 1;
            worst = Math.Max(worst, cost);
            report.AppendLine(CultureInfo.InvariantCulture,
                $"{attack.Name}: {attack.Body.Length / 1024.0:0.0} KiB on the wire, {cost:0.0} MiB and {seconds / AtOnce:0.000} s each, "
                + $"{string.Join(", ", answers.Distinct())}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{requests} requests\n{report}");
        Assert.True(worst <= MostMebibytes, $"at most {MostMebibytes} MiB expected\n{report}");
    }

    /// <summary>The status: of gRPC where it is gRPC.</summary>
    private static async Task<string> SendAsync(HttpClient client, Attack attack)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, attack.Path)
        {
            Version = client.DefaultRequestVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact
        };
        request.Content = new ByteArrayContent(attack.Body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(attack.IsGrpc ? "application/grpc" : "application/json");
        if (attack.IsGrpc)
        {
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            request.Headers.Add("grpc-encoding", "gzip");
        }
        else if (attack.IsPacked)
        {
            request.Content.Headers.ContentEncoding.Add("gzip");
        }

        using var response = await client.SendAsync(request, Cancel);
        await response.Content.ReadAsByteArrayAsync(Cancel);
        return !attack.IsGrpc ? $"{(int)response.StatusCode}"
            : response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? $"grpc {trailer.Single()}"
            : $"grpc {response.Headers.GetValues("grpc-status").Single()}";
    }

    /// <summary>In MiB.</summary>
    private static double Memory(int process, string name) => long.Parse(
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':')[1].Replace("kB", "",
            StringComparison.Ordinal),
        NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) / 1024.0;
}

/// <summary>A request that stands for much.</summary>
internal sealed record Attack(string Name, string Path, byte[] Body, bool IsGrpc, bool IsPacked);

/// <summary>The requests that are tried.</summary>
internal static class Attacks
{
    private const string Infer = "/inference.GRPCInferenceService/ModelInfer";
    private const string Batch = "/lora_onnx.v1.Sentiment/PredictBatch";
    private const int MostBytes = 16 << 20;
    private const int OneMebibyte = (1 << 20) - 100;

    public static IEnumerable<Attack> All =>
    [
        .. Grpc("empty inputs", Infer, [0x2a, 0]),
        .. Grpc("empty outputs", Infer, [0x32, 0]),
        .. Grpc("empty raw_input_contents", Infer, [0x3a, 0]),
        .. Grpc("empty parameters", Infer, [0x22, 0]),
        .. Grpc("inputs with contents", Infer, [0x2a, 2, 0x2a, 0]),
        .. Grpc("unknown fields", Infer, [0xf8, 7, 1]),
        .. Grpc("empty texts", Batch, [0x0a, 0]),
        .. Grpc("texts of a letter", Batch, [0x0a, 1, (byte)'a']),
        .. Grpc("long texts", Batch, [0x0a, 0xa0, 0x8d, 6, .. Enumerable.Repeat((byte)'a', 100_000)]),
        .. Grpc("texts of words", Batch, [0x0a, 0xa0, 0x8d, 6, .. Enumerable.Range(0, 100_000).Select(i => (byte)(i % 2 == 0 ? 'a' : ' '))]),
        .. Grpc("one text of words to tokenize", "/lora_onnx.v1.Sentiment/Tokenize",
            [.. Enumerable.Repeat((byte)0, 0), 0x0a, 0xa0, 0x8d, 6, .. Enumerable.Repeat((byte)'!', 100_000)], 1),
        .. Grpc("ids to decode", "/tei.v1.Tokenize/Decode", [8, 1]),
        new("packed ids to decode, raw", "/tei.v1.Tokenize/Decode", Frame(0, Bytes(10, OneMebibyte - 20)), true, false),
        new("packed numbers", Infer, Frame(1, Gzip(Contents(MostBytes - 40))), true, true),
        .. Rest("empty texts", "/v1/predict_batch", """{"texts": [""", "\"\",", "\"\"]}"),
        .. Rest("texts of words", "/v1/predict_batch", """{"texts": [""", $"\"{string.Concat(Enumerable.Repeat("a ", 49_000))}\",", "\"\"]}"),
        .. Rest("lists in lists", "/v1/predict_batch", """{"texts": """, "[", "}"),
        .. Rest("empty inputs", "/predict", """{"inputs": [""", "[\"\"],", "[\"\"]]}"),
        .. Rest("words to tokenize", "/tokenize", """{"inputs": [""", $"\"{string.Concat(Enumerable.Repeat("! ", 49_000))}\",", "\"\"]}"),
        .. Rest("empty tensors", "/v2/models/demo/infer", """{"inputs": [""", "{},", "{}]}"),
        .. Rest("numbers", "/v2/models/demo/infer", """{"inputs": [{"name": "input_ids", "datatype": "INT64", "shape": [1000, 512], "data": [""",
            "1,", "1]}]}"),
        .. Rest("empty texts of a tensor", "/v2/models/demo/infer",
            """{"inputs": [{"name": "TEXT", "datatype": "BYTES", "shape": [1000], "data": [""", "\"\",", "\"\"]}]}"),
        .. Rest("parameters", "/v2/models/demo/infer", """{"parameters": {""", "\"a\":1,", "\"a\":1}}"),
        .. Rest("members", "/v1/predict", "{", "\"a\":1,", "\"text\":\"x\"}"),
    ];

    private static IEnumerable<Attack> Grpc(string name, string path, byte[] element, int most = int.MaxValue)
    {
        yield return new($"gRPC, 1 MiB of {name}", path, Frame(0, Repeat(element, Math.Min(most, Math.Max(1, OneMebibyte / element.Length)))), true,
            false);
        yield return new($"gRPC, 16 MiB packed of {name}", path, Frame(1, Gzip(Repeat(element, Math.Min(most, MostBytes / element.Length)))), true,
            true);
        yield return new($"gRPC, 6 MiB packed of {name}", path, Frame(1, Gzip(Repeat(element, Math.Min(most, (6 << 20) / element.Length)))), true,
            true);
    }

    private static IEnumerable<Attack> Rest(string name, string path, string start, string element, string end)
    {
        byte[] Body(int size) => Encoding.UTF8.GetBytes(start + string.Concat(Enumerable.Repeat(element, size / element.Length)) + end);
        yield return new($"REST, 1 MiB of {name}", path, Body(OneMebibyte - 200), false, false);
        yield return new($"REST, 15 MiB packed of {name}", path, Gzip(Body(15 << 20)), false, true);
    }

    /// <summary>One input whose int64 contents are so many numbers of a byte each.</summary>
    private static byte[] Contents(int numbers) => Nest(5, Nest(5, Nest(3, new byte[numbers])));

    private static byte[] Bytes(int tag, int length) => [(byte)tag, .. Varint(length), .. new byte[length]];

    private static byte[] Nest(int field, byte[] inner) => [(byte)(field << 3 | 2), .. Varint(inner.Length), .. inner];

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }

    private static byte[] Repeat(byte[] element, int count)
    {
        var bytes = new byte[element.Length * count];
        for (var i = 0; i < count; i++)
        {
            element.CopyTo(bytes, i * element.Length);
        }

        return bytes;
    }

    private static byte[] Frame(byte flag, byte[] message)
    {
        var frame = new byte[message.Length + 5];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var packing = new GZipStream(packed, CompressionLevel.Optimal))
        {
            packing.Write(bytes);
        }

        return packed.ToArray();
    }
}
