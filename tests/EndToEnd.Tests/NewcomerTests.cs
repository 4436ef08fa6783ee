namespace LoraOnnx.EndToEnd.Tests;

/// <summary>Natural mistakes of somebody's first hour: each is told with its cause and a way out.</summary>
public sealed class NewcomerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Unrecognized option '--epoch'. Did you mean --epochs?", "lora-train", "--model", "models/demo", "--train", "x.csv", "--out", "RUN",
        "--epoch", "3")]
    [InlineData("Unrecognized option '-epochs'. Did you mean --epochs?", "lora-train", "-epochs", "3")]
    [InlineData("hint:  2e5 is 200,000; did you mean 2e-5?", "lora-train", "--model", "models/demo", "--train", "x.csv", "--out", "RUN", "--lr",
        "2e5")]
    [InlineData("error: --rank is '8.5', expected a whole number", "lora-train", "--model", "models/demo", "--train", "x.csv", "--out", "RUN",
        "--rank", "8.5")]
    [InlineData("error: --validation is 1.5, expected a share", "lora-train", "--model", "models/demo", "--train", "samples/reviews/train.jsonl",
        "--out", "RUN", "--validation", "1.5")]
    [InlineData("error: --model, --train, --out are missing.", "lora-train")]
    [InlineData("error: ./models/nope: no such directory.", "lora-train", "--model", "./models/nope", "--train", "samples/reviews/train.jsonl",
        "--out", "RUN")]
    [InlineData("error: models/nope/deep: no such directory.", "lora-train", "--model", "models/nope/deep", "--train", "samples/reviews/train.jsonl",
        "--out", "RUN")]
    [InlineData("no such file", "lora-train", "--model", "models/demo", "--train", "nowhere.csv", "--out", "RUN")]
    [InlineData("is a directory, expected the name of the ONNX file.", "lora-merge", "--model", "models/demo", "--out", "models")]
    [InlineData("hint:  a run is the directory that lora-train --out wrote.", "lora-merge", "--run", "nowhere", "--out", "RUN/model.onnx")]
    [InlineData("Did you mean --run?", "lora-merge", "--rum", "nowhere", "--out", "RUN/model.onnx")]
    [InlineData("hint:  lora-merge makes one of a checkpoint", "lora-serve", "--model", "models/demo", "--grpc-port", "0", "--http-port", "0")]
    [InlineData("2 texts are given, expected one: put a text into quotes", "lora-serve", "predict", "--address", "127.0.0.1:1", "good", "film")]
    [InlineData("hint:  start one with lora-serve, or check --address.", "lora-serve", "predict", "--address", "127.0.0.1:1", "good film")]
    [InlineData("Did you mean --address?", "lora-serve", "predict", "--adress", "127.0.0.1:1", "good film")]
    [InlineData("is a directory, expected the name of a file.", "lora-compare", "models/demo", "--data", "samples/reviews/test.jsonl", "--out",
        "samples")]
    [InlineData("--data FILE is missing", "lora-compare", "models/demo")]
    [InlineData("error: --model, --in, --out are missing.", "lora-score")]
    [InlineData("error: --out is missing.", "lora-score", "--join")]
    [InlineData("Did you mean --out?", "lora-score", "--model", "models/demo", "--in", "samples/reviews/test.jsonl", "--ot", "RUN.csv")]
    [InlineData("hint:  lora-merge makes one of a checkpoint", "lora-score", "--model", "demo=models/demo", "--data", "samples/reviews/test.jsonl",
        "--out", "RUN.csv")]
    [InlineData("is a directory, expected the name of a file.", "lora-score", "--model", "models/demo", "--in", "samples/reviews/test.jsonl", "--out",
        "samples")]
    [InlineData("error: onnx/none: no such directory.", "lora-train", "--model", "onnx/none", "--train", "x.csv", "--out", "RUN")]
    [InlineData("hint:  for the hub's model of that name write models/nope@main. models has: ", "lora-train", "--model", "models/nope", "--train",
        "x.csv", "--out", "RUN")]
    [InlineData("error: runs/none: no such directory.", "lora-merge", "--model", "runs/none", "--out", "RUN/model.onnx")]
    [InlineData("error: models/Demo: no such file or directory.", "lora-compare", "models/Demo", "--data", "samples/reviews/test.jsonl")]
    [InlineData("hint:  name the directory that the file is in.", "lora-merge", "--model", "models/demo/config.json", "--out", "RUN/model.onnx")]
    [InlineData("models has: ", "lora-merge", "--model", "models", "--out", "RUN/model.onnx")]
    [InlineData("models/demo: is a checkpoint, expected a run of lora-train.", "lora-merge", "--run", "models/demo", "--out", "RUN/model.onnx")]
    [InlineData("models/demo: is a checkpoint, expected an adapter.", "lora-merge", "--model", "models/demo", "--adapter", "models/demo", "--out",
        "RUN/model.onnx")]
    [InlineData("samples/model.safetensors: no such file.", "lora-merge", "--model", "models/demo", "--head", "samples", "--out",
        "RUN/model.onnx")]
    [InlineData("which ends in .onnx.", "lora-merge", "--model", "models/demo", "--out", "RUN")]
    [InlineData("README.md: is a file, expected a directory for --save-checkpoint.", "lora-merge", "--model", "models/demo", "--out",
        "RUN/model.onnx", "--save-checkpoint", "README.md")]
    [InlineData("nowhere.csv: no such file.", "lora-merge", "--model", "models/demo", "--out", "RUN/model.onnx", "--verify-data", "nowhere.csv")]
    [InlineData("README.md: is a file, expected a directory for --out.", "lora-train", "--model", "models/demo", "--train",
        "samples/reviews/train.jsonl", "--out", "README.md")]
    [InlineData("error: --out is missing: the run to go on with.", "lora-train", "--resume")]
    [InlineData("hint:  decimals are written with a point: 0.001.", "lora-train", "--lr", "0,001")]
    [InlineData("error: --epochs is given 2 times, expected once.", "lora-train", "--epochs", "2", "--epochs", "3")]
    [InlineData("error: --epochs has no value behind it, expected N.", "lora-train", "--epochs")]
    [InlineData("Did you mean --lr?", "lora-train", "--learning-rate", "2e-5")]
    [InlineData("Did you mean --train?", "lora-train", "--data", "x.csv")]
    [InlineData("error: --grpc-port is 'abc', expected a whole number.", "lora-serve", "--grpc-port", "abc")]
    [InlineData("Did you mean --grpc-port or --http-port?", "lora-serve", "--port", "5")]
    [InlineData("Each value stands behind its option", "lora-serve", "onnx/lora")]
    [InlineData("Models are named without an option: [NAME=]PATH.", "lora-compare", "--model", "models/demo")]
    [InlineData("Did you mean --data?", "lora-compare", "models/demo", "--test", "x.csv")]
    [InlineData("expected a name that ends in .html.", "lora-compare", "models/demo", "--data", "samples/reviews/test.jsonl", "--out", "RUN.pdf")]
    [InlineData("hint:  make it first: mkdir -p no", "lora-compare", "models/demo", "--data", "samples/reviews/test.jsonl", "--out", "no/a.html")]
    [InlineData("save as CSV", "lora-score", "--model", "models/demo", "--in", "reviews.xlsx", "--out", "RUN.csv")]
    [InlineData("README.md: the extension '.md' is not known.\nhint:  the name of a file says what it is: .csv", "lora-score", "--model",
        "models/demo", "--in", "README.md", "--out", "RUN.csv")]
    [InlineData("samples: is a directory, expected a file of texts.", "lora-score", "--model", "models/demo", "--in", "samples", "--out",
        "RUN.csv")]
    [InlineData("hint:  fetch it first", "lora-score", "--model", "models/demo", "--in", "hf:stanfordnlp/imdb:test", "--out", "RUN.csv")]
    [InlineData("hint:  a server is named with its scheme: http://localhost:1/x", "lora-score", "--model", "localhost:1/x", "--in",
        "samples/reviews/test.jsonl", "--out", "RUN.csv")]
    [InlineData("hint:  a server is named with its scheme: http://localhost:1/x", "lora-compare", "localhost:1/x", "--data",
        "samples/reviews/test.jsonl")]
    [InlineData("http://localhost:99999/x is no address of a server.", "lora-compare", "http://localhost:99999/x", "--data",
        "samples/reviews/test.jsonl")]
    [InlineData("http://localhost:99999/x is no address of a server.", "lora-compare", "served=http://localhost:99999/x", "--data",
        "samples/reviews/test.jsonl")]
    [InlineData("no server answers: ", "lora-score", "--model", "http://127.0.0.1:1/x", "--in", "samples/reviews/test.jsonl", "--out", "RUN.csv")]
    [InlineData("hint:  make it first: mkdir -p ", "lora-score", "--join", "--out", "no/scored.csv")]
    [InlineData("none: no such directory, which --models names.\nhint:  The current directory has: ", "lora-serve", "--models", "none")]
    [InlineData("README.md: is a file, expected a directory for --adapters.", "lora-serve", "--adapters", "README.md")]
    [InlineData("hint:  give an ONNX file of lora-merge or its directory. models has: demo", "lora-serve", "--model", "models/dem")]
    [InlineData("write $HOME in its place.", "lora-serve", "--model=~/none")]
    [InlineData("write $HOME in its place.", "lora-train", "--model", "models/demo", "--train=~/none.csv", "--out", "RUN")]
    [InlineData("none: no such file, which --api-keys names.", "lora-serve", "--model", "models/demo", "--api-keys", "none")]
    [InlineData("models: is a directory, expected a file for --tls-cert.", "lora-serve", "--model", "models/demo", "--tls-cert", "models")]
    public void A_mistake_has_its_cause_and_a_way_out(string expected, string program, params string[] arguments)
    {
        var result = Programs.Run(program,
            [.. arguments.Select(argument => argument.Replace("RUN", _folder.Path + "/new", StringComparison.Ordinal))]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.Trim().Split('\n').Length, 1, 3);
        Assert.False(Path.Exists(Path.Combine(_folder.Path, "new", "run.json")));
    }
}
