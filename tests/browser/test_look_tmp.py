AGENT = '''
from kaizen_widgets import AgentForm, Studio
import ipywidgets as ipw
studio = Studio(data=":memory:")
form = AgentForm(agents=studio.agents)
box = ipw.Box([form], layout=ipw.Layout(width="100%"))
box
'''
STUDIO = '''
studio2 = Studio(data=":memory:")
studio2
'''
def test_look(lab):
    P="/tmp/formpanel/"
    lab.viewport(1280, 1150)
    lab.open([AGENT, STUDIO])
    lab.run_cell(0)
    lab.theme("light")
    lab.run_cell(1)
    node = lab.page.locator(".react-flow__node").first
    node.wait_for()
    lab.page.wait_for_timeout(500)
    lab.page.locator(".react-flow__node").nth(1).click()
    lab.page.wait_for_timeout(900)
    lab.page.screenshot(path=P+"studio_light.png")
    lab.viewport(860, 1150)
    lab.page.wait_for_timeout(900)
    lab.page.screenshot(path=P+"studio_narrow.png")
    print(lab.problems)
