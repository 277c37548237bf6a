"""The science of Homestretch: from daily measurements to one safe action, in plain Python."""
