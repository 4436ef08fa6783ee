using Microsoft.AspNetCore.Authorization;

namespace LoraOnnx.Serving.Security;

/// <summary>Of an endpoint that says whether the server is well: open to everybody, also while the server drains.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
internal sealed class ProbeAttribute : Attribute, IAllowAnonymous;
