"""ベリトランス4G: the product that offers all the protocol can."""


from providers.contract import N_, Capabilities
from providers.veritrans4g.capabilities import Veritrans4GCapabilities
from providers.veritrans4g.demo import DEMO_MERCHANT
from providers.veritrans4g.product import Product
from providers.veritrans4g.settings import SETTINGS


class Veritrans4G(Product):
    code = "veritrans4g"
    name = N_("ベリトランス4G")
    method_name = N_("クレジットカード決済")
    system_name = N_("ベリトランス4G クレジットカード決済(MDKトークン)")
    console_name = N_("ベリトランス管理画面")
    settings = SETTINGS
    demo = DEMO_MERCHANT
    capabilities: Capabilities = Veritrans4GCapabilities()


PROVIDER = Veritrans4G()
