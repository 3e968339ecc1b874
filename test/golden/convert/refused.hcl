job "old" {
  group "old" {
    task "old" {
      driver = "java"
      config {
        jar_path = "local/app.jar"
      }
      vault {
        role = "old"
      }
    }
  }
}
