job "größe/中文-задача" {
  name = "Größe 中文 задача 🚀"

  meta = {
    "ключ" = "значение"
    emoji  = "🦊"
  }

  group "gruppe-ä" {
    task "tâche" {
      driver = "exec"
      config {
        command = "/bin/echo"
        args    = ["naïve", "\u00e9", "日本語"]
      }
    }
  }
}
