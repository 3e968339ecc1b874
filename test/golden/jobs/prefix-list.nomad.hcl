locals {
  names = split(",", "a,b,,c")
  short = compact(local.names)
  zip   = zipmap(local.short, range(length(local.short)))
}

job "functions" {
  type = "batch"

  meta {
    joined  = join("-", local.short)
    title   = title("hello world")
    cidr    = cidrsubnet("10.0.0.0/8", 8, 3)
    encoded = base64encode("hello")
    regex   = regex_replace("abc123", "[0-9]+", "#")
    tried   = try(local.zip["missing"], "fallback")
    keys    = join(",", keys(local.zip))
  }

  task "t" {
    driver = "exec"
    config {
      command = lower("/BIN/TRUE")
      args    = reverse([for k, v in local.zip : "${k}=${v}"])
    }
  }
}
