"""What happened while a model was trained."""


class Events:
    def __init__(self):
        self.all = []

    def add(self, **facts):
        self.all.append(facts)
