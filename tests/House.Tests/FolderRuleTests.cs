using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>What projects cannot say: which folder of a room may see which, and who knows the encoder.</summary>
public sealed partial class FolderRuleTests
{
    /// <summary>Each sees those before it.</summary>
    private static readonly string[] _training = ["Steps", "Engine", "Learning", "Options", "Data", "Display", "Recording", "Loop", "Report"];

    private static readonly string[] _protocols = ["Grpc", "Rest", "KServe", "Tei"];

    private static readonly Room _core = new("LoraOnnx.Training", "src/Training/Core");
    private static readonly Room _server = new("LoraOnnx.Serving.Protocols", "src/Serving/Protocols");

    [Fact]
    public void Folders_of_training_look_one_way()
    {
        Assert.Equal(_training.Order(), _core.Folders);
        Assert.Contains(string.Join(" ← ", _training), File.ReadAllText(Repository.Path("docs", "architecture.md")), StringComparison.Ordinal);
        Assert.Empty(_training.Index().SelectMany(
            folder => _training[(folder.Index + 1)..].SelectMany(later => Lines($"{_core.Path}/{folder.Item}", _core.Naming(later)))));
    }

    [Fact]
    public void A_protocol_knows_none_of_its_siblings()
    {
        Assert.Equal(_protocols.Order(), _server.Folders);
        Assert.Empty(_protocols.SelectMany(protocol => _protocols.Except([protocol])
            .SelectMany(sibling => Lines($"{_server.Path}/{protocol}", _server.Naming(sibling)))));
    }

    public static TheoryData<string> RoomsThatKnowTasks => ["src/Texts", "src/Model/Metrics", "src/Serving", "src/Evaluation", "src/Scoring"];

    /// <summary>They know a model by its <c>ClassificationTask</c>.</summary>
    [Theory]
    [MemberData(nameof(RoomsThatKnowTasks))]
    public void Who_is_about_texts_and_answers_knows_no_encoder(string room) => Assert.Empty(Lines(room, Encoder()));

    /// <summary>Others ask the layout for a role, whatever a family calls it.</summary>
    [Fact]
    public void Names_of_modules_stand_in_the_file_of_their_family_alone() =>
        Assert.All(Lines("src", Module()), line => Assert.StartsWith("src/Model/Families/", line, StringComparison.Ordinal));

    [Theory]
    [InlineData("using LoraOnnx.Training.Recording;")]
    [InlineData("Recording.RunFolder.Of(path)")]
    public void The_rule_sees_the_ways_there_are(string line) => Assert.Matches(_core.Naming("Recording"), line);

    [Theory]
    [InlineData("job.Recording.Write(step)")]
    [InlineData("Recording.Add(step)")]
    public void The_rule_lets_members_be(string line) => Assert.DoesNotMatch(_core.Naming("Recording"), line);

    /// <summary>Lines of code that match, comments aside, each with its file.</summary>
    private static IEnumerable<string> Lines(string folder, Regex naming) =>
        from file in Directory.EnumerateFiles(Repository.Path(folder.Split('/')), "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
        where !name.Contains("/obj/", StringComparison.Ordinal)
        from line in File.ReadLines(file)
        where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && naming.IsMatch(line)
        select $"{name}: {line.Trim()}";

    /// <summary>A room whose folders are namespaces.</summary>
    private sealed record Room(string Namespace, string Path)
    {
        public IEnumerable<string> Folders => Directory.GetDirectories(Repository.Path(Path.Split('/')))
            .Select(path => System.IO.Path.GetFileName(path)!).Where(name => name is not ("obj" or "bin")).Order();

        /// <summary>A folder's namespace that is used, or stands before one of its types.</summary>
        public Regex Naming(string folder)
        {
            var types = Directory.EnumerateFiles(Repository.Path([.. Path.Split('/'), folder]), "*.cs", SearchOption.AllDirectories)
                .Select(System.IO.Path.GetFileNameWithoutExtension);
            return new Regex($@"\b{Regex.Escape(Namespace)}\.{folder}\b|(?<![\w.]){folder}\.({string.Join('|', types)})\b");
        }
    }

    [GeneratedRegex(@"LoraOnnx\.Model\.(Encoders|Families|Configuration)\b|\b(EncoderLayout|EncoderShape|EncoderFamily)\b"
        + @"|\bConfig\.(Layout|Shape|Family)\b")]
    private static partial Regex Encoder();

    [GeneratedRegex(@"""[^""]*\b([qkv]_lin|out_lin|lin[12]|(sa|output)_layer_norm|pre_classifier|(intermediate|output)\.dense"
        + @"|attention\.self|out_proj|(word|position|token_type)_embeddings)\b[^""]*""")]
    private static partial Regex Module();
}
