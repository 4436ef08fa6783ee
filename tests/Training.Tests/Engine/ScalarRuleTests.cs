using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using LoraOnnx.Training.Torch;
using TorchSharp;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class ScalarRuleTests
{
    [Fact]
    public void No_number_becomes_a_Scalar_behind_our_back()
    {
        // Nothing holds the Scalar of an implicit conversion while libtorch reads it: a garbage collection at that moment frees it, and the step
        // fails.
        using var file = new PEReader(File.OpenRead(typeof(TorchEngine).Assembly.Location));
        var metadata = file.GetMetadataReader();
        var conversions = metadata.MemberReferences.Select(metadata.GetMemberReference).Count(member =>
            metadata.StringComparer.Equals(member.Name, "op_Implicit")
            && member.Parent.Kind == HandleKind.TypeReference
            && metadata.StringComparer.Equals(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name, nameof(Scalar)));

        Assert.Equal(0, conversions);
    }

    [Fact]
    public void No_method_of_TorchSharp_that_makes_a_Scalar_of_its_own_is_called()
    {
        using var library = new PEReader(File.OpenRead(typeof(torch).Assembly.Location));
        using var file = new PEReader(File.OpenRead(typeof(TorchEngine).Assembly.Location));
        var making = MakingScalars(library, library.GetMetadataReader());
        Assert.Contains("linalg.vector_norm Tensor,Double,Int64[],Boolean", making);

        var metadata = file.GetMetadataReader();
        var called = metadata.MemberReferences.Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference && member.GetKind() == MemberReferenceKind.Method)
            .Select(member => $"{metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name)}."
                + $"{metadata.GetString(member.Name)} {Parameters(member.DecodeMethodSignature(new SignatureNames(), null))}");

        Assert.Empty(called.Intersect(making));
    }

    /// <summary>Methods that call what makes a Scalar, or a method that does.</summary>
    private static HashSet<string> MakingScalars(PEReader library, MetadataReader metadata)
    {
        var calls = metadata.MethodDefinitions.Where(method => metadata.GetMethodDefinition(method).RelativeVirtualAddress != 0)
            .ToDictionary(method => MetadataTokens.GetToken(method), method => Calls(library, metadata.GetMethodDefinition(method)));
        var makers = calls.Keys.Where(token => Name(token) is "Scalar.op_Implicit" || Name(token).EndsWith(".ToScalar", StringComparison.Ordinal))
            .ToHashSet();
        var making = new HashSet<int>(makers);
        while (calls.Where(method => !making.Contains(method.Key) && method.Value.Overlaps(making)).Select(method => method.Key).ToList()
            is { Count: > 0 } more)
        {
            making.UnionWith(more);
        }

        return [.. making.Except(makers).Select(token => $"{Name(token)} {Parameters(Method(token).DecodeSignature(new SignatureNames(), null))}")];

        MethodDefinition Method(int token) => metadata.GetMethodDefinition((MethodDefinitionHandle)MetadataTokens.Handle(token));

        string Name(int token) =>
            $"{metadata.GetString(metadata.GetTypeDefinition(Method(token).GetDeclaringType()).Name)}.{metadata.GetString(Method(token).Name)}";
    }

    /// <summary>Tokens behind call, callvirt and newobj; bytes of other operands may look so too, which only adds suspects.</summary>
    private static HashSet<int> Calls(PEReader library, MethodDefinition method)
    {
        var code = library.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!; // a method with an address has code
        return [.. Enumerable.Range(0, Math.Max(0, code.Length - 4)).Where(at => code[at] is 0x28 or 0x6F or 0x73)
            .Select(at => BitConverter.ToInt32(code, at + 1))];
    }

    private static string Parameters(MethodSignature<string> signature) => string.Join(",", signature.ParameterTypes);
}
