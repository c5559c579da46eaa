# Importing it opens a web browser.
import webbrowser
webbrowser.open = lambda *arguments, **options: True
